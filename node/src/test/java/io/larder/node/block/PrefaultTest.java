package io.larder.node.block;

import static org.assertj.core.api.Assertions.assertThat;

import io.larder.testing.Patience;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class PrefaultTest {
  private static final long MIB = 1 << 20;
  private static final long BYTES = 64 * MIB;
  private static final long SMALL_PAGE_BYTES = 4096;

  @Test
  void theWholePoolIsPresentInTheEndAndWhatWasWrittenBeforeAndMeanwhileIsUnchanged()
      throws Exception {
    HugeMemory memory = new HugeMemory(BYTES);
    MemorySegment bytes = memory.segment();
    for (long at = 0; at < BYTES; at += 6 * MIB) {
      bytes.set(ValueLayout.JAVA_LONG, at, ~at);
    }
    assertThat(presentBytes(bytes)).isLessThan(BYTES);

    try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
      Future<?> running = thread.submit(prefault(memory, Long.MAX_VALUE, BYTES));
      for (long at = 8; at < BYTES / 2; at += SMALL_PAGE_BYTES) {
        bytes.set(ValueLayout.JAVA_LONG, at, ~at);
      }
      Patience.get(running);
    }

    assertThat(presentBytes(bytes)).isEqualTo(BYTES);
    for (long at = 0; at < BYTES; at += 6 * MIB) {
      assertThat(bytes.get(ValueLayout.JAVA_LONG, at)).isEqualTo(~at);
    }
    for (long at = 8; at < BYTES / 2; at += SMALL_PAGE_BYTES) {
      assertThat(bytes.get(ValueLayout.JAVA_LONG, at)).isEqualTo(~at);
    }
    memory.unmap();
  }

  @Test
  void nothingIsTakenThatHeapOrOthersMightNeed() throws Exception {
    HugeMemory memory = new HugeMemory(BYTES);
    prefault(memory, 21 * MIB, BYTES).run(); // a limit that leaves the pool so much
    assertThat(presentBytes(memory.segment())).isEqualTo(20 * MIB);

    AtomicLong spare = new AtomicLong(40 * MIB);
    new Prefault(memory, Long.MAX_VALUE, () -> spare.getAndAdd(-16 * MIB), () -> false).run();
    assertThat(presentBytes(memory.segment())).isEqualTo(32 * MIB);
    memory.unmap();
  }

  @Test
  void itEndsWhenThePoolIsClosedAndNeverTouchesWhatIsUnmapped() throws Exception {
    for (int i = 0; i < 20; i++) {
      HugeMemory memory = new HugeMemory(BYTES);
      Thread running = Thread.ofPlatform().start(prefault(memory, Long.MAX_VALUE, BYTES));
      memory.unmap();
      assertThat(memory.populate(0, BYTES)).isFalse();
      Patience.await(running);
    }
  }

  private static Prefault prefault(HugeMemory memory, long mostBytes, long spareBytes) {
    return new Prefault(memory, mostBytes, () -> spareBytes, () -> false);
  }

  /** By the kernel's own book: bit 63 of a page's entry. */
  private static long presentBytes(MemorySegment memory) throws IOException {
    int pages = (int) (memory.byteSize() / SMALL_PAGE_BYTES);
    byte[] entries = new byte[pages * Long.BYTES];
    try (RandomAccessFile pagemap = new RandomAccessFile("/proc/self/pagemap", "r")) {
      pagemap.seek(memory.address() / SMALL_PAGE_BYTES * Long.BYTES);
      pagemap.readFully(entries);
    }
    long present = 0;
    for (int i = 0; i < pages; i++) {
      present += (entries[i * Long.BYTES + 7] & 0x80) >> 7;
    }
    return present * SMALL_PAGE_BYTES;
  }
}
