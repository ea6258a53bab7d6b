package io.larder.node.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.larder.testing.LeftOut;
import io.larder.testing.Need;
import io.larder.testing.Patience;
import io.netty.channel.uring.IoUring;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What every engine keeps, on a file, on a block device, and the simulated device as well. */
class DeviceContractTest {
  private static final int SIZE = 32 << 20;
  private static final int MIB = 1 << 20;

  enum Subject {
    THREADS_ON_A_FILE(Engine.THREADS, false),
    THREADS_ON_A_BLOCK_DEVICE(Engine.THREADS, true),
    IO_URING_ON_A_FILE(Engine.IO_URING, false),
    IO_URING_ON_A_BLOCK_DEVICE(Engine.IO_URING, true),
    SIMULATED(null, false);

    private final @Nullable Engine engine;
    private final boolean onBlockDevice;

    Subject(@Nullable Engine engine, boolean onBlockDevice) {
      this.engine = engine;
      this.onBlockDevice = onBlockDevice;
    }
  }

  @TempDir Path directory;
  private @Nullable LoopDevice loop;
  private @Nullable Path path;

  private Device open(Subject subject) throws IOException {
    if (subject.engine == null) {
      return SimulatedDevice.reordering(SimulatedDevice.blank(SIZE), 1);
    }
    LeftOut.unless(
        subject.engine != Engine.IO_URING || IoUring.isAvailable(), getClass(), Need.IO_URING);
    if (path == null) {
      path = directory.resolve("device");
      if (!subject.onBlockDevice) {
        SparseFile.create(path, SIZE);
      } else {
        LeftOut.unless(Need.LOOP_DEVICES.isMet(), getClass(), Need.LOOP_DEVICES);
        loop = new LoopDevice(path, SIZE);
        path = Path.of(loop.path());
      }
    }
    return subject.engine.open(path, 4);
  }

  @AfterEach
  void detach() throws IOException {
    if (loop != null) {
      loop.close();
    }
  }

  private static MemorySegment memory(Arena arena, long seed, long bytes) {
    byte[] random = new byte[(int) bytes];
    new SplittableRandom(seed).nextBytes(random);
    return arena.allocate(bytes, Device.BLOCK_BYTES).copyFrom(MemorySegment.ofArray(random));
  }

  /** Cuts memory into pieces of whole blocks. */
  private static MemorySegment[] pieces(MemorySegment memory, int... blocks) {
    MemorySegment[] pieces = new MemorySegment[blocks.length];
    long at = 0;
    for (int i = 0; i < blocks.length; i++) {
      pieces[i] = memory.asSlice(at, (long) blocks[i] * Device.BLOCK_BYTES);
      at += pieces[i].byteSize();
    }
    return pieces;
  }

  private static IoCallback completing(CompletableFuture<Boolean> done) {
    return failure -> {
      if (failure == null) {
        done.complete(true);
      } else {
        done.completeExceptionally(failure);
      }
    };
  }

  private static void write(Device device, long offset, MemorySegment... segments)
      throws Exception {
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    device.write(offset, segments, completing(done));
    assertThat(Patience.get(done)).isTrue();
  }

  private static void read(Device device, long offset, MemorySegment... segments) throws Exception {
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    device.read(offset, segments, completing(done));
    assertThat(Patience.get(done)).isTrue();
  }

  @ParameterizedTest
  @EnumSource
  void gathersAWriteAndScattersARead(Subject subject) throws Exception {
    try (Arena arena = Arena.ofShared();
        Device device = open(subject)) {
      assertThat(device.sizeBytes()).isEqualTo(SIZE);
      MemorySegment written = memory(arena, 1, 16 * 4096);
      write(device, 3 * 4096, pieces(written, 1, 5, 2, 8));
      MemorySegment read = arena.allocate(16 * 4096, Device.BLOCK_BYTES);
      read(device, 3 * 4096, pieces(read, 7, 1, 1, 3, 4));
      assertThat(read.mismatch(written)).isEqualTo(-1);
      MemorySegment last = memory(arena, 2, 4096);
      write(device, SIZE - 4096, last);
      MemorySegment back = arena.allocate(4096, Device.BLOCK_BYTES);
      read(device, SIZE - 4096, back);
      assertThat(back.mismatch(last)).isEqualTo(-1);
    }
  }

  @ParameterizedTest
  @EnumSource
  void takesAsMuchAtOnceAsItSays(Subject subject) throws Exception {
    try (Arena arena = Arena.ofShared();
        Device device = open(subject)) {
      MemorySegment written = memory(arena, 3, Device.MAX_SUBMISSION_BYTES);
      int[] sizes = new int[64];
      java.util.Arrays.fill(sizes, 4);
      sizes[0]++;
      write(device, 0, pieces(written, sizes));
      MemorySegment read = arena.allocate(Device.MAX_SUBMISSION_BYTES, Device.BLOCK_BYTES);
      read(device, 0, read);
      assertThat(read.mismatch(written)).isEqualTo(-1);
    }
  }

  @ParameterizedTest
  @EnumSource
  void refusesWhatIsMisalignedTooLargeOrOutside(Subject subject) throws Exception {
    try (Arena arena = Arena.ofShared();
        Device device = open(subject)) {
      MemorySegment block = memory(arena, 4, 4096);
      for (long offset : new long[] {-4096, 512, SIZE - 2048, SIZE}) {
        assertThatThrownBy(() -> write(device, offset, block))
            .isInstanceOf(IllegalArgumentException.class);
      }
      assertThatThrownBy(() -> read(device, 0, block.asSlice(0, 512)))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(
              () -> read(device, 0, memory(arena, 5, Device.MAX_SUBMISSION_BYTES + 4096)))
          .isInstanceOf(IllegalArgumentException.class);
      assertThat(device.pending()).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource
  void answersEachOfMoreThanItHasInFlight(Subject subject) throws Exception {
    int threads = 3;
    int each = 400;
    try (Arena arena = Arena.ofShared();
        Device device = open(subject)) {
      List<CompletableFuture<Boolean>> written = new ArrayList<>();
      for (int i = 0; i < threads * each; i++) {
        written.add(new CompletableFuture<>());
      }
      List<Thread> callers = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        int first = t * each;
        callers.add(
            Thread.ofPlatform()
                .start(() -> {
                  for (int i = first; i < first + each; i++) {
                    MemorySegment[] block = {memory(arena, i, 8192)};
                    device.write(8192L * i, block, completing(written.get(i)));
                  }
                }));
      }
      for (Thread caller : callers) {
        caller.join();
      }
      for (CompletableFuture<Boolean> one : written) {
        assertThat(Patience.get(one)).isTrue();
      }
      await().until(() -> device.pending() == 0);
      assertThat(device.oldestNanos(true)).isZero();
      assertThat(device.oldestNanos(false)).isZero();
      MemorySegment back = arena.allocate(8192, Device.BLOCK_BYTES);
      for (int i = 0; i < threads * each; i += 7) {
        read(device, 8192L * i, back);
        assertThat(back.mismatch(memory(arena, i, 8192))).isEqualTo(-1);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void theBytesInFlightAreBoundedAndNothingStarves(Subject subject) throws Exception {
    try (Arena arena = Arena.ofShared();
        Device device = open(subject)) {
      MemorySegment mib = memory(arena, 6, MIB);
      List<CompletableFuture<Boolean>> all = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        MemorySegment[] all256 = {mib};
        MemorySegment[] one = {mib.asSlice(0, 4096)};
        device.write(
            i % 4 == 0 ? 0 : (long) (i % 30) * MIB, i % 4 == 0 ? one : all256, completing(done));
        all.add(done);
      }
      for (CompletableFuture<Boolean> one : all) {
        assertThat(Patience.get(one)).isTrue();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aCallbackMaySubmitAndMayThrow(Subject subject) throws Exception {
    try (Arena arena = Arena.ofShared();
        Device device = open(subject)) {
      MemorySegment block = memory(arena, 7, 4096);
      MemorySegment[] memory = {block};
      CompletableFuture<Boolean> done = new CompletableFuture<>();
      AtomicInteger left = new AtomicInteger(500);
      device.write(
          0,
          memory,
          new IoCallback() {
            @Override
            public void done(@Nullable IOException failure) {
              if (failure != null || left.decrementAndGet() == 0) {
                completing(done).done(failure);
              } else {
                device.write(4096L * left.get(), memory, this);
              }
            }
          });
      assertThat(Patience.get(done)).isTrue();
      if (subject != Subject.SIMULATED) {
        device.flush(failure -> {
          throw new IllegalStateException("a caller's bug, on purpose");
        });
      }
      write(device, 0, block);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aFlushIsAnswered(Subject subject) throws Exception {
    try (Arena arena = Arena.ofShared();
        Device device = open(subject)) {
      write(device, 0, memory(arena, 8, 4096));
      BlockingIo.flush(device);
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "SIMULATED") // closing it cuts its power
  void closingFinishesWhatWasSubmittedAndRefusesTheRest(Subject subject) throws Exception {
    try (Arena arena = Arena.ofShared()) {
      List<CompletableFuture<Boolean>> all = new ArrayList<>();
      Device device = open(subject);
      MemorySegment written = memory(arena, 9, MIB);
      MemorySegment[] memory = {written};
      for (int i = 0; i < 24; i++) {
        all.add(new CompletableFuture<>());
        device.write((long) i * MIB, memory, completing(all.get(i)));
      }
      device.close();
      device.close();
      for (CompletableFuture<Boolean> one : all) {
        assertThat(one.getNow(false)).isTrue();
      }
      CompletableFuture<Boolean> late = new CompletableFuture<>();
      device.write(0, memory, completing(late));
      assertThatThrownBy(() -> Patience.get(late))
          .isInstanceOf(ExecutionException.class)
          .hasMessageContaining("is closed");
      try (Device again = open(subject)) { // its lock is gone
        MemorySegment back = arena.allocate(MIB, Device.BLOCK_BYTES);
        read(again, 23L * MIB, back);
        assertThat(back.mismatch(written)).isEqualTo(-1);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "SIMULATED")
  void oneProcessHasItAlone(Subject subject) throws Exception {
    try (Device _ = open(subject)) {
      assertThatThrownBy(() -> open(subject))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("stop the other node");
    }
  }
}
