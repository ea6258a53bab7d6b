package io.larder.node.directory;

import io.larder.protocol.Slots;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.IntConsumer;

/**
 * A set of slots, one bit each, so that a visit every few milliseconds costs nothing while the set
 * is empty. Thread-safe and lock-free; a visit may or may not see a slot that is added during it.
 */
final class SlotSet {
  private final AtomicLongArray words = new AtomicLongArray(Slots.COUNT / Long.SIZE);
  private final AtomicInteger size = new AtomicInteger();

  void add(int slot) {
    long bit = 1L << slot;
    int at = slot / Long.SIZE;
    if ((words.get(at) & bit) == 0
        && (words.getAndAccumulate(at, bit, (word, added) -> word | added) & bit) == 0) {
      size.incrementAndGet();
    }
  }

  void remove(int slot) {
    long bit = 1L << slot;
    int at = slot / Long.SIZE;
    if ((words.getAndAccumulate(at, bit, (word, removed) -> word & ~removed) & bit) != 0) {
      size.decrementAndGet();
    }
  }

  /** Visits the slots, ascending. */
  void forEach(IntConsumer visitor) {
    if (size.get() == 0) {
      return;
    }
    for (int i = 0; i < words.length(); i++) {
      for (long rest = words.get(i); rest != 0; rest &= rest - 1) {
        visitor.accept(i * Long.SIZE + Long.numberOfTrailingZeros(rest));
      }
    }
  }
}
