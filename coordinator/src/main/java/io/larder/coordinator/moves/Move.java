package io.larder.coordinator.moves;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.larder.coordinator.registry.SlotTable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A rebalance or a drain: as a plan in a file, and with its progress in {@code /moves/<id>}. A JSON
 * object with these components as keys. Immutable.
 *
 * <p>States: PLANNED → (applied) RUNNING → DONE, or CANCELLED by an operator.
 *
 * @param format 1
 * @param id its permanent name: kind, node and time
 * @param cluster the cluster it was planned for
 * @param kind its purpose
 * @param node the node to empty, of a drain; else empty
 * @param drainedIncarnation the incarnation that leaves, of a drain that ends when the node
 *     returns; {@link SlotTable#UNTIL_UNDRAINED} = it stays drained
 * @param slotsVersion the version of the slot table it was planned from; it is stale under another
 * @param throttleBytesPerSecond values move no faster than this; 0 = as fast as they can
 * @param steps in order
 * @param state its progress
 * @param message its obstacle; empty if there is none
 * @param createdAtMs wall clock, for people
 * @param updatedAtMs wall clock, for people
 */
public record Move(
    int format,
    String id,
    String cluster,
    Kind kind,
    String node,
    long drainedIncarnation,
    int slotsVersion,
    long throttleBytesPerSecond,
    List<Step> steps,
    State state,
    String message,
    long createdAtMs,
    long updatedAtMs) {

  /** The form that this software writes and reads. */
  public static final int FORMAT = 1;

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .build();

  /** The purpose of a move. */
  public enum Kind {
    REBALANCE,
    DRAIN
  }

  /** The progress of a move. */
  public enum State {
    PLANNED,
    RUNNING,
    DONE,
    CANCELLED
  }

  /** Copies the list. */
  public Move {
    steps = List.copyOf(steps);
  }

  /** The current step; null if all are done. */
  @JsonIgnore
  public @Nullable Step currentStep() {
    return steps.stream().filter(step -> !step.isDone()).findFirst().orElse(null);
  }

  @JsonIgnore
  public boolean isRunning() {
    return state == State.RUNNING;
  }

  /** Whether it is a drain that ends when its node returns. */
  @JsonIgnore
  public boolean isUntilReturn() {
    return drainedIncarnation != SlotTable.UNTIL_UNDRAINED;
  }

  /** Slots whose arbitration moves. */
  public int slotsToMove() {
    return steps.stream()
        .filter(step -> step.kind() == Step.Kind.SLOTS)
        .mapToInt(step -> step.slotSet().cardinality())
        .sum();
  }

  /** Bytes of values that are to move, as planned. */
  public long bytesToMove() {
    return steps.stream().mapToLong(Step::totalBytes).sum();
  }

  /** Bytes of values moved so far. */
  public long bytesMoved() {
    return steps.stream().mapToLong(Step::movedBytes).sum();
  }

  /** The same move in another state. */
  public Move in(State newState, String newMessage, long nowMs) {
    return with(steps, newState, newMessage, nowMs);
  }

  /** The same move with its current step replaced. */
  public Move withCurrentStep(Step step, String newMessage, long nowMs) {
    List<Step> changed = new ArrayList<>(steps);
    changed.set(steps.indexOf(currentStep()), step);
    return with(changed, state, newMessage, nowMs);
  }

  private Move with(List<Step> newSteps, State newState, String newMessage, long nowMs) {
    return new Move(
        format,
        id,
        cluster,
        kind,
        node,
        drainedIncarnation,
        slotsVersion,
        throttleBytesPerSecond,
        newSteps,
        newState,
        newMessage,
        createdAtMs,
        nowMs);
  }

  /** As stored in ZooKeeper and in plan files. */
  public byte[] encode() {
    try {
      return JSON.writeValueAsBytes(this);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("move " + id + " cannot be written as JSON", e);
    }
  }

  /**
   * Reads {@link #encode()}'s form.
   *
   * @throws IllegalArgumentException if it is not of that form
   */
  public static Move decode(byte[] json) {
    Move move;
    try {
      JsonNode tree = JSON.readTree(json);
      if (tree.path("format").asInt() != FORMAT) {
        throw new IllegalArgumentException(
            "a plan of format %s, this software reads %d: make it with this version"
                .formatted(tree.path("format").asText("none"), FORMAT));
      }
      move = JSON.treeToValue(tree, Move.class);
    } catch (IOException e) {
      throw new IllegalArgumentException("not a plan: " + firstLine(e.getMessage()), e);
    }
    move.steps.forEach(step -> {
      step.slotSet();
    });
    return move;
  }

  private static String firstLine(@Nullable String text) {
    return text == null ? "" : text.lines().findFirst().orElse("");
  }
}
