package io.larder.coordinator.moves;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.larder.coordinator.registry.SlotRanges;
import io.larder.protocol.Slots;
import java.util.BitSet;

/**
 * One step of a move.
 *
 * @param kind whether slots or values move
 * @param from the node that gives
 * @param to the node that takes; empty = those with most room
 * @param slots the slots of {@link Kind#SLOTS}, as {@code 0-99,200}
 * @param bytes the bytes of {@link Kind#VALUES}; {@link #ALL} empties the node
 * @param state its progress
 * @param totalRecords how many records the node had when the step was planned
 * @param totalBytes how many bytes are to move, as planned
 * @param movedRecords records moved so far
 * @param movedBytes bytes of values moved so far
 */
public record Step(
    Kind kind,
    String from,
    String to,
    String slots,
    long bytes,
    State state,
    long totalRecords,
    long totalBytes,
    long movedRecords,
    long movedBytes) {

  /** A value of {@link #bytes}: all values of the node. */
  public static final long ALL = -1;

  /** The kinds of steps. */
  public enum Kind {
    /** Arbitration of slots: no value moves. */
    SLOTS,
    /** Values. */
    VALUES
  }

  /** The progress of a step. */
  public enum State {
    PLANNED,
    DONE
  }

  static Step slots(String from, String to, BitSet slots) {
    return new Step(Kind.SLOTS, from, to, SlotRanges.format(slots), 0, State.PLANNED, 0, 0, 0, 0);
  }

  static Step values(String from, long bytes, long totalRecords, long totalBytes) {
    return new Step(
        Kind.VALUES, from, "", "", bytes, State.PLANNED, totalRecords, totalBytes, 0, 0);
  }

  /** The same step with more moved. */
  public Step moved(long records, long movedNow) {
    return new Step(
        kind,
        from,
        to,
        slots,
        bytes,
        state,
        totalRecords,
        totalBytes,
        movedRecords + records,
        movedBytes + movedNow);
  }

  /** The same step, done. */
  public Step done() {
    return new Step(
        kind,
        from,
        to,
        slots,
        bytes,
        State.DONE,
        totalRecords,
        totalBytes,
        movedRecords,
        movedBytes);
  }

  @JsonIgnore
  public boolean isDone() {
    return state == State.DONE;
  }

  /**
   * The slots of {@link #slots}.
   *
   * @throws IllegalArgumentException if the text is malformed
   */
  public BitSet slotSet() {
    BitSet set = new BitSet(Slots.COUNT);
    if (slots.isEmpty()) {
      return set;
    }
    SlotRanges.parse(slots, set::set);
    return set;
  }
}
