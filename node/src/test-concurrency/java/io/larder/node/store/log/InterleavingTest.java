package io.larder.node.store.log;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.larder.node.block.Block;
import io.larder.node.block.MemoryPool;
import io.larder.node.block.Payload;
import io.larder.node.block.SlotSummary;
import io.larder.node.store.format.Location;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.Lincheck;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The few places where two threads may meet in many ways, gone through by a model checker
 * (Lincheck); beside each a version that is wrong, which it must find.
 */
@Tag("concurrency")
class InterleavingTest {
  private static final int INVOCATIONS = 200;
  private static final int SLOT = 7;
  private static final long KEY = 4711;
  private static final int OWN = 1;
  private static final int OTHERS = 2;

  /** An index with one record, and what its segment holds. */
  private static final class Reclaimed {
    final Segments segments = new Segments(2);
    final Index index = new Index(segments);
    final long location = Location.pack(1, 64, 1);
    final AtomicInteger content = new AtomicInteger(OWN);

    Reclaimed() {
      index.put(SLOT, KEY, location, Block.NEVER);
    }

    /** What reclaim does: the entry goes, and only without readers is the segment used again. */
    void reclaim() {
      index.remove(SLOT, KEY, location);
      if (segments.readers(1) == 0) {
        content.set(OTHERS);
      }
    }

    void read() {
      if (index.get(SLOT, KEY, 0) != 0 && index.tryRetain(SLOT, KEY, location, 0)) {
        isOwn();
        segments.release(1);
      }
    }

    void readWithoutLookingAgain() {
      if (index.get(SLOT, KEY, 0) != 0) {
        segments.retain(1);
        isOwn();
        segments.release(1);
      }
    }

    private void isOwn() {
      if (content.get() != OWN) {
        throw new AssertionError("another key's bytes");
      }
    }
  }

  /** Runs both at once and fails if one of them does. */
  private static void together(Runnable... both) {
    Throwable[] failures = new Throwable[both.length];
    Thread[] threads = new Thread[both.length];
    for (int i = 0; i < both.length; i++) {
      int number = i;
      threads[i] =
          new Thread(() -> {
            try {
              both[number].run();
            } catch (Throwable e) {
              failures[number] = e;
            }
          });
      threads[i].start();
    }
    for (int i = 0; i < both.length; i++) {
      try {
        threads[i].join();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      if (failures[i] != null) {
        throw new AssertionError(failures[i]);
      }
    }
  }

  @Test
  void aReaderNeverSeesAReusedSegment() {
    Lincheck.runConcurrentTest(
        INVOCATIONS,
        () -> {
          Reclaimed shared = new Reclaimed();
          together(shared::read, shared::reclaim);
        });
  }

  @Test
  void aReaderThatDoesNotLookAgainIsFound() {
    assertThatThrownBy(() ->
            Lincheck.runConcurrentTest(
                INVOCATIONS,
                () -> {
                  Reclaimed shared = new Reclaimed();
                  together(shared::readWithoutLookingAgain, shared::reclaim);
                }))
        .isInstanceOf(LincheckAssertionError.class);
  }

  @Test
  void twoPutsAndARemovalLeaveOneEntryAndItsSum() {
    Lincheck.runConcurrentTest(
        INVOCATIONS,
        () -> {
          Index index = new Index(new Segments(4));
          together(
              () -> {
                index.put(SLOT, KEY, Location.pack(1, 64, 1), Block.NEVER);
                index.remove(SLOT, KEY, Location.pack(1, 64, 1));
              },
              () -> {
                index.put(SLOT, KEY, Location.pack(2, 64, 1), Block.NEVER);
              });
          SlotSummary summary = index.summary(SLOT, 0);
          boolean there = index.get(SLOT, KEY, 0) != 0;
          if (!summary.equals(there ? new SlotSummary(1, KEY) : SlotSummary.EMPTY)) {
            throw new AssertionError(summary + ", but the key is there: " + there);
          }
        });
  }

  /** Three records whose fingerprints collide, so that the last moves when the first goes. */
  private static final class Crowded {
    static final long FIRST = 1;
    static final long LAST = 3;
    final LongTable table = new LongTable(0);
    final Index index = new Index(new Segments(2));

    /** The model checker takes what only a thread's constructor has seen for one thread's own. */
    @SuppressWarnings("UnusedVariable")
    static volatile @Nullable Crowded published;

    Crowded() {
      published = this;
      for (long key = FIRST; key <= LAST; key++) {
        table.put(key, key);
        index.put(SLOT, key, Location.pack(1, 64 * (int) key, 1), Block.NEVER);
      }
    }

    void removeFirst() {
      index.remove(SLOT, FIRST, Location.pack(1, 64, 1));
    }

    void crowdMore() {
      index.put(SLOT, LAST + 1, Location.pack(1, 1024, 1), 1_000);
    }

    void findLast() {
      if (index.stamp(SLOT, LAST, () -> 0) != Location.stamp(0, 1, 64 * (int) LAST)) {
        throw new AssertionError("an entry that is there was not found");
      }
    }

    void findLastWithoutLookingAgain() {
      if (table.get(LAST) != LAST) {
        throw new AssertionError("an entry that is there was not found");
      }
    }
  }

  @Test
  void anEntryIsFoundWhileOthersComeAndGo() {
    Lincheck.runConcurrentTest(
        INVOCATIONS,
        () -> {
          Crowded shared = new Crowded();
          together(
              shared::findLast,
              () -> {
                shared.removeFirst();
                shared.crowdMore();
              });
          shared.findLast();
        });
  }

  @Test
  void anEntryThatMovesWhileItIsLookedForIsMissed() {
    assertThatThrownBy(() ->
            Lincheck.runConcurrentTest(
                INVOCATIONS,
                () -> {
                  Crowded shared = new Crowded();
                  together(
                      shared::findLastWithoutLookingAgain,
                      () -> {
                        shared.table.remove(Crowded.FIRST);
                      });
                }))
        .isInstanceOf(LincheckAssertionError.class);
  }

  /** A hot entry, which holds one reference, evicted while it is read. */
  private static void evictedWhileRead(boolean counted) {
    try (MemoryPool pool = new MemoryPool(2 << 20, 0)) {
      Payload payload = pool.tryAllocate(4096, MemoryPool.Purpose.READ);
      if (payload == null) {
        throw new IllegalStateException("an empty pool has room");
      }
      together(
          () -> {
            if (!counted || payload.tryRetain()) {
              if (pool.usedBytes() == 0) {
                throw new AssertionError("the memory is free already");
              }
              if (counted) {
                payload.release();
              }
            }
          },
          payload::release);
      if (pool.usedBytes() != 0) {
        throw new AssertionError("the memory was not given back");
      }
    }
  }

  @Test
  void aHotEntryIsReadWholeOrIsAMiss() {
    Lincheck.runConcurrentTest(INVOCATIONS, () -> evictedWhileRead(true));
  }

  @Test
  void aHotEntryReadWithoutAReferenceIsFound() {
    assertThatThrownBy(() -> Lincheck.runConcurrentTest(INVOCATIONS, () -> evictedWhileRead(false)))
        .isInstanceOf(LincheckAssertionError.class);
  }
}
