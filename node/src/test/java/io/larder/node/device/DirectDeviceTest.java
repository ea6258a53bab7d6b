package io.larder.node.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.larder.node.store.log.FaultRow;
import io.larder.node.store.log.Survives;
import io.larder.testing.Patience;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

public class DirectDeviceTest {
  private static final int BYTES = 64 << 10;

  @TempDir Path directory;
  private Path file;

  /** Every other call is interrupted, every transfer moves at most 5000 bytes. */
  private static final class Stingy extends SystemCalls {
    final AtomicInteger number = new AtomicInteger();

    @Override
    long pwritev(MemorySegment state, int fd, MemorySegment iovecs, int count, long offset) {
      if (number.incrementAndGet() % 2 == 0) {
        return -EINTR;
      }
      long whole = iovecs.get(ValueLayout.JAVA_LONG, 8);
      iovecs.set(ValueLayout.JAVA_LONG, 8, Math.min(whole, 4096));
      long moved = super.pwritev(state, fd, iovecs, 1, offset);
      return moved == 4096 && whole > 4096 ? 4096 + 904 : moved; // as if it had stopped inside
    }

    @Override
    long preadv(MemorySegment state, int fd, MemorySegment iovecs, int count, long offset) {
      if (number.incrementAndGet() % 2 == 0) {
        return -EINTR;
      }
      iovecs.set(ValueLayout.JAVA_LONG, 8, Math.min(iovecs.get(ValueLayout.JAVA_LONG, 8), 4096));
      return super.preadv(state, fd, iovecs, 1, offset);
    }
  }

  @BeforeEach
  void create() throws IOException {
    file = directory.resolve("device");
    SparseFile.create(file, 1 << 20);
  }

  private static MemorySegment random(Arena arena) {
    byte[] bytes = new byte[BYTES];
    new SplittableRandom(1).nextBytes(bytes);
    MemorySegment memory = arena.allocate(BYTES, Device.BLOCK_BYTES);
    memory.copyFrom(MemorySegment.ofArray(bytes));
    return memory;
  }

  @Test
  @Survives(value = FaultRow.SHORT_TRANSFER, notAs = "givesUpAfterAShortTransfer")
  void shortTransfersAndInterruptionsAreResumedAligned() throws Exception {
    try (Arena arena = Arena.ofShared();
        Device device = DirectDevice.open(file, 2, new Stingy())) {
      MemorySegment written = random(arena);
      BlockingIo.write(device, 8192, written);
      MemorySegment read = arena.allocate(BYTES, Device.BLOCK_BYTES);
      BlockingIo.read(device, 8192, read);
      assertThat(read.mismatch(written)).isEqualTo(-1);
    }
  }

  @Test
  void zeroBytesAreAnError() throws Exception {
    SystemCalls nothing =
        new SystemCalls() {
          @Override
          long pwritev(MemorySegment state, int fd, MemorySegment iovecs, int count, long offset) {
            return 0;
          }
        };
    try (Arena arena = Arena.ofShared();
        Device device = DirectDevice.open(file, 2, nothing)) {
      assertThatThrownBy(() -> BlockingIo.write(device, 0, random(arena)))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("transferred 0 bytes");
    }
  }

  @Test
  void anErrorNamesDeviceOffsetAndCause() throws Exception {
    SystemCalls broken =
        new SystemCalls() {
          @Override
          long preadv(MemorySegment state, int fd, MemorySegment iovecs, int count, long offset) {
            return -EIO;
          }
        };
    try (Arena arena = Arena.ofShared();
        Device device = DirectDevice.open(file, 2, broken)) {
      assertThatThrownBy(() -> BlockingIo.read(device, 4096, random(arena)))
          .hasMessageContaining(file + ": READ of 65536 bytes at 4096: input/output error (EIO)");
    }
  }

  @Test
  void misalignedOrOutsideIsRefused() throws Exception {
    try (Arena arena = Arena.ofShared();
        Device device = DirectDevice.open(file, 2)) {
      MemorySegment[] memory = {random(arena)};
      for (long offset : new long[] {-4096, 512, (1 << 20) - 4096, 1 << 20}) {
        assertThatThrownBy(() -> device.write(offset, memory, failure -> {}))
            .isInstanceOf(IllegalArgumentException.class);
      }
    }
  }

  @Test
  void anInterruptedCallerDoesNotCloseTheDevice() throws Exception {
    try (Arena arena = Arena.ofShared();
        Device device = DirectDevice.open(file, 2)) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> BlockingIo.write(device, 0, random(arena)))
          .hasMessageContaining("interrupted");
      assertThat(Thread.interrupted()).isTrue();
      BlockingIo.write(device, 0, random(arena));
    }
  }

  /** Reads begin at once and end when they may. */
  private static final class Held extends SystemCalls {
    final CountDownLatch begun = new CountDownLatch(1);
    final CountDownLatch mayEnd = new CountDownLatch(1);

    @Override
    long preadv(MemorySegment state, int fd, MemorySegment iovecs, int count, long offset) {
      begun.countDown();
      try {
        mayEnd.await();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      return super.preadv(state, fd, iovecs, count, offset);
    }
  }

  @Test
  void aReadThatItsCallerGaveUpNeverWritesIntoTheCallersMemory() throws Exception {
    Held held = new Held();
    try (Arena arena = Arena.ofShared();
        Device device = DirectDevice.open(file, 2, held)) {
      BlockingIo.write(device, 0, random(arena));
      MemorySegment memory = arena.allocate(BYTES, Device.BLOCK_BYTES).fill((byte) 7);
      Thread caller =
          new Thread(() -> {
            assertThatThrownBy(() -> BlockingIo.read(device, 0, memory))
                .hasMessageContaining("interrupted");
          });
      caller.start();
      held.begun.await();
      caller.interrupt();
      caller.join(); // by now the memory is another's
      held.mayEnd.countDown();
      while (device.pending() > 0) {
        Thread.onSpinWait();
      }
      assertThat(memory.mismatch(arena.allocate(BYTES).fill((byte) 7))).isEqualTo(-1);
    }
  }

  @Test
  void closingLeavesWhatIsNotAnsweredItsMemoryAndTheDevice() throws Exception {
    Held held = new Held();
    try (Arena arena = Arena.ofShared()) {
      Device device = DirectDevice.open(file, 2, held);
      CompletableFuture<Boolean> answered = new CompletableFuture<>();
      MemorySegment memory = random(arena);
      device.read(
          0,
          new MemorySegment[] {memory},
          failure -> {
            answered.complete(failure == null);
          });
      held.begun.await();
      Thread closing = new Thread(device::close);
      closing.start();
      Patience.await(closing);
      assertThat(answered).isNotDone();
      assertThatThrownBy(() -> DirectDevice.open(file, 2)).hasMessageContaining("locked");
      held.mayEnd.countDown();
      assertThat(Patience.get(answered)).isTrue();
      assertThat(memory.mismatch(arena.allocate(BYTES))).isEqualTo(-1); // zeros, as the file has
    }
  }
}
