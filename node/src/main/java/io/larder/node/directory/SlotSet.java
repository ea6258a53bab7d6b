package io.larder.node.directory;

import io.larder.protocol.Slots;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.IntConsumer;

/**
 * The slots in which something is open: a bit each, so that looking after them every few
 * milliseconds costs nothing while nothing is open. Thread-safe and lock-free; a slot that is added
 * during a visit may or may not be seen by it.
 */
final class SlotSet {
  private final AtomicLongArray words = new AtomicLongArray(Slots.COUNT / Long.SIZE);

  void add(int slot) {
    long bit = 1L << slot;
    if ((words.get(slot / Long.SIZE) & bit) == 0) {
      words.getAndAccumulate(slot / Long.SIZE, bit, (word, added) -> word | added);
    }
  }

  void remove(int slot) {
    words.getAndAccumulate(slot / Long.SIZE, 1L << slot, (word, removed) -> word & ~removed);
  }

  /** Visits the slots, ascending. */
  void forEach(IntConsumer visitor) {
    for (int i = 0; i < words.length(); i++) {
      for (long rest = words.get(i); rest != 0; rest &= rest - 1) {
        visitor.accept(i * Long.SIZE + Long.numberOfTrailingZeros(rest));
      }
    }
  }
}
