package io.larder.bench.device;

import io.larder.node.block.MemoryPool;
import io.larder.node.block.Payload;
import io.larder.node.device.Device;
import io.larder.node.device.IoCallback;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

/** An engine alone, without a store: sequential writes and random reads of one size. */
final class EngineLoad {
  private static final int PIECE_BYTES = 1 << 20;

  private EngineLoad() {}

  /** Writes or reads pieces of at most a submission, from and into the pool's memory. */
  static Measurement run(
      Device device, MemoryPool pool, boolean reads, int bytes, int depth, Duration time)
      throws IOException, InterruptedException {
    MemorySegment[][] memory = new MemorySegment[depth][];
    Payload[] payloads = new Payload[depth];
    SplittableRandom[] random = new SplittableRandom[depth];
    for (int lane = 0; lane < depth; lane++) {
      payloads[lane] = StoreLoad.random(pool, bytes, lane);
      memory[lane] = new MemorySegment[] {payloads[lane].ioSegment(0)};
      random[lane] = new SplittableRandom(lane);
    }
    long pieces = device.sizeBytes() / bytes;
    AtomicLong next = new AtomicLong();
    try {
      return ClosedLoop.run(
          depth,
          time,
          Long.MAX_VALUE,
          bytes,
          lane -> {
            CompletableFuture<Boolean> done = new CompletableFuture<>();
            long piece = reads ? random[lane].nextLong(pieces) : next.getAndIncrement() % pieces;
            transfer(device, reads, piece * bytes, memory[lane], done);
            return done;
          });
    } finally {
      for (Payload payload : payloads) {
        payload.release();
      }
    }
  }

  /** Fills a device, so that no read hits a hole. */
  static void fill(Device device, MemoryPool pool, LongConsumer progress)
      throws IOException, InterruptedException {
    Payload payload = StoreLoad.random(pool, PIECE_BYTES, 42);
    MemorySegment[] memory = {payload.ioSegment(0)};
    AtomicLong next = new AtomicLong();
    long pieces = device.sizeBytes() / PIECE_BYTES;
    try {
      ClosedLoop.run(
          8,
          Duration.ofHours(1),
          pieces,
          PIECE_BYTES,
          lane -> {
            CompletableFuture<Boolean> done = new CompletableFuture<>();
            long at = next.getAndIncrement() * PIECE_BYTES;
            transfer(device, false, at, memory, done);
            progress.accept(PIECE_BYTES);
            return done;
          });
    } finally {
      payload.release();
    }
  }

  private static void transfer(
      Device device,
      boolean read,
      long offset,
      MemorySegment[] memory,
      CompletableFuture<Boolean> done) {
    IoCallback callback =
        failure -> {
          if (failure == null) {
            done.complete(true);
          } else {
            done.completeExceptionally(failure);
          }
        };
    if (read) {
      device.read(offset, memory, callback);
    } else {
      device.write(offset, memory, callback);
    }
  }
}
