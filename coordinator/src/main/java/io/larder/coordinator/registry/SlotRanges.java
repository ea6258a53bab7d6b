package io.larder.coordinator.registry;

import io.larder.protocol.Slots;
import java.util.BitSet;
import java.util.function.IntConsumer;

/** The text form of sets of slots: ascending ranges, as {@code 0-99,200}. */
public final class SlotRanges {
  private SlotRanges() {}

  /** The text of a set of slots; empty if the set is. */
  public static String format(BitSet slots) {
    StringBuilder text = new StringBuilder();
    for (int from = slots.nextSetBit(0); from >= 0; ) {
      int end = slots.nextClearBit(from);
      if (!text.isEmpty()) {
        text.append(',');
      }
      text.append(from);
      if (end - 1 > from) {
        text.append('-').append(end - 1);
      }
      from = slots.nextSetBit(end);
    }
    return text.toString();
  }

  /**
   * Parses a text of at least one range and passes its slots on, in the order of the text.
   *
   * @throws IllegalArgumentException if the text is malformed
   */
  public static void parse(String text, IntConsumer slots) {
    for (String range : text.split(",", -1)) {
      int dash = range.indexOf('-');
      int first;
      int last;
      try {
        first = Integer.parseInt(dash < 0 ? range : range.substring(0, dash));
        last = dash < 0 ? first : Integer.parseInt(range.substring(dash + 1));
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException("'" + range + "' is no slot range", e);
      }
      if (first < 0 || last < first || last >= Slots.COUNT) {
        throw new IllegalArgumentException("'" + range + "' is no slot range within 0-16383");
      }
      for (int slot = first; slot <= last; slot++) {
        slots.accept(slot);
      }
    }
  }
}
