package io.larder.bench.crash;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.larder.bench.crash.Note.Kind;
import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.MemoryPool;
import io.larder.node.store.StoreConfig;
import io.larder.node.store.log.LogStore;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fills a device with small records, or opens it and measures that, or lets the index of an open
 * one grow by half; then waits to be killed.
 */
final class RestartChild {
  private static final Logger LOG = LoggerFactory.getLogger(RestartChild.class);
  static final int VALUE_BYTES = 4096;
  private static final long POOL_BYTES = 64L << 20;
  private static final long READ_FLOOR_BYTES = 16L << 20;
  private static final int DEPTH = 1024;
  private static final int READS = 200;
  private static final int REWRITTEN = 1000;

  private RestartChild() {}

  /** Arguments: device, {@code fill}, {@code open} or {@code grow}, how many records it holds. */
  public static void main(String[] args) throws Exception {
    int records = Integer.parseInt(args[2]);
    MemoryPool pool = new MemoryPool(POOL_BYTES, READ_FLOOR_BYTES);
    LOG.info("{}", args[1]); // the log's start is the process's, not the store's
    long heapBefore = heapBytes();
    long start = System.nanoTime();
    LogStore store = LogStore.open(StoreConfig.of(Path.of(args[0])), pool);
    say(Kind.OPEN_NANOS, System.nanoTime() - start);
    switch (args[1]) {
      case "fill" -> fill(store, pool, 0, records);
      case "open" -> {
        say(Kind.RECORDS, store.recovery().records());
        say(Kind.BYTES_READ, store.recovery().bytesRead());
        say(Kind.BYTES_NEEDED, store.recovery().bytesNeeded());
        say(Kind.HEAP_BYTES, heapBytes() - heapBefore);
        readSome(store, records);
        // The next process must find an open segment, too.
        fill(store, pool, 0, Math.min(records, REWRITTEN));
      }
      case "grow" -> {
        fill(store, pool, records, records / 2);
        store.close(); // footers of open segments are no index
        say(Kind.HEAP_BYTES, heapBytes() - heapBefore);
        say(Kind.RECORDS, store.stats().entries());
      }
      default -> throw new IllegalArgumentException(args[1]);
    }
    say(Kind.LOOKED, 0);
    Thread.sleep(Long.MAX_VALUE);
  }

  private static void fill(LogStore store, MemoryPool pool, int first, int records)
      throws Exception {
    Semaphore free = new Semaphore(DEPTH);
    AtomicReference<@Nullable Throwable> failed = new AtomicReference<>();
    for (int i = first; i < first + records; i++) {
      free.acquire();
      Block block = Content.block(pool, i, 1, VALUE_BYTES);
      var _ =
          store
              .write(Content.key(i), block)
              .whenComplete((written, failure) -> {
                block.payload().release();
                if (failure == null) {
                  written.publish();
                } else {
                  failed.set(failure);
                }
                free.release();
              });
    }
    free.acquire(DEPTH);
    Throwable failure = failed.get();
    if (failure != null) {
      throw new IllegalStateException("a put failed", failure);
    }
  }

  /** Verifies that the opened store serves reads. */
  private static void readSome(LogStore store, int records) throws Exception {
    SplittableRandom random = new SplittableRandom();
    for (int i = 0; i < Math.min(READS, records); i++) {
      int number = random.nextInt(records);
      Key key = Content.key(number);
      Block block = store.read(key).get();
      if (block == null || Content.version(number, block, VALUE_BYTES).orElse(0) != 1) {
        say(Kind.WRONG, number);
      }
      if (block != null) {
        block.payload().release();
      }
    }
  }

  /** The live bytes on the heap. */
  private static long heapBytes() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private static void say(Kind kind, long value) {
    byte[] line = Note.of(kind, value).line().getBytes(US_ASCII);
    System.out.write(line, 0, line.length);
    System.out.flush();
  }
}
