package io.larder.node.store.log;

import static io.larder.node.store.log.TestStore.MIB;
import static io.larder.node.store.log.TestStore.key;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.larder.node.block.Block;
import io.larder.node.block.MemoryPool;
import io.larder.node.block.Payload;
import io.larder.node.device.DirectDevice;
import io.larder.node.device.Engine;
import io.larder.node.store.StoreConfig;
import io.larder.node.store.format.RecordHeader;
import io.larder.protocol.PutToken;
import io.larder.testing.Patience;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a store leaves to the garbage collector, by the JVM's own count for its threads. */
class GarbageTest {
  private static final int ONE = (int) MIB;
  private static final int MANY = 32 * ONE;
  private static final int TURNS = 20;

  /** Until the code is compiled: before, it leaves objects that the compiler does without. */
  private static final int WARM_UP = 6_000;

  /**
   * What each further MiB may leave: its place in a few arrays, and what Netty's ring takes for a
   * submission, or a thread that waits for one; less than half of it where all is compiled.
   */
  private static final long GROWTH_BYTES_MAX = 200;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource(
      value = Engine.class,
      names = {"IO_URING", "THREADS"})
  void aLargerValueLeavesNoMoreGarbage(Engine engine) throws Exception {
    Path file = directory.resolve("device");
    TestStore.format(file, 1280 * MIB, 2 * MANY);
    StoreConfig config =
        new StoreConfig(
            file,
            StoreConfig.Durability.WRITTEN,
            engine.isAvailable() ? engine : Engine.THREADS,
            DirectDevice.DEFAULT_THREADS,
            StoreConfig.DEFAULT_IO_DEADLINE_MS);
    try (MemoryPool pool = new MemoryPool(128 * MIB, MANY);
        LogStore store = LogStore.open(config, pool, (slot, fingerprint, stamp, cause) -> {})) {
      Payload little = TestStore.payload(pool, new byte[RecordHeader.LARGE_VALUE_BYTES]);
      for (int i = 0; i < WARM_UP; i++) {
        put(store, little);
        get(store, little.length());
      }
      little.release();
      Payload one = TestStore.payload(pool, new byte[ONE]);
      Payload many = TestStore.payload(pool, new byte[MANY]);
      compare("put", () -> put(store, one), () -> put(store, many));
      compare("get", () -> get(store, ONE), () -> get(store, MANY));
      one.release();
      many.release();
    }
  }

  private static void put(LogStore store, Payload payload) throws Exception {
    Block block = new Block(new PutToken(1, 1), Block.NO_METADATA, Block.NEVER, payload);
    Patience.get(store.write(key("of " + payload.length()), block)).publish();
  }

  private static void get(LogStore store, int length) throws Exception {
    Block block = Patience.get(store.read(key("of " + length)));
    Objects.requireNonNull(block, "evicted").payload().release();
  }

  /** In turns; the least of each counts: of those during which no segment was opened or sealed. */
  private static void compare(String what, Operation one, Operation many) throws Exception {
    long leastOfOne = Long.MAX_VALUE;
    long leastOfMany = Long.MAX_VALUE;
    long[] threads = threads();
    for (int turn = 0; turn < TURNS; turn++) {
      leastOfOne = Math.min(leastOfOne, allocatedBy(one, threads));
      leastOfMany = Math.min(leastOfMany, allocatedBy(many, threads));
    }
    assertThat((leastOfMany - leastOfOne) * MIB / (MANY - ONE))
        .as("%s: 1 MiB leaves %d bytes, 32 MiB %d", what, leastOfOne, leastOfMany)
        .isLessThanOrEqualTo(GROWTH_BYTES_MAX);
  }

  private interface Operation {
    void run() throws Exception;
  }

  private static long allocatedBy(Operation operation, long[] threads) throws Exception {
    long before = LongStream.of(THREADS.getThreadAllocatedBytes(threads)).sum();
    operation.run();
    return LongStream.of(THREADS.getThreadAllocatedBytes(threads)).sum() - before;
  }

  /** The caller's and the device's; reclaim and checkpoints have their own. */
  private static long[] threads() {
    return Stream.of(THREADS.getThreadInfo(THREADS.getAllThreadIds()))
        .filter(thread -> thread != null)
        .filter(thread ->
            thread.getThreadName().startsWith("larder-device")
                || thread.getThreadId() == Thread.currentThread().threadId())
        .mapToLong(ThreadInfo::getThreadId)
        .toArray();
  }
}
