package io.larder.node.store;

import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.MemoryPool;
import io.larder.node.block.Payload;
import io.larder.node.device.Scratch;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads records: one device read for all who want a key at the same time, straight into pool
 * memory, nothing believed before place, key and checksums agree. A record that does not verify is
 * read once more and then dropped from the index.
 */
final class RecordReader {
  private static final int ATTEMPTS = 2;
  private static final int BLOCK = Geometry.BLOCK_BYTES;

  /** From this extent on a record has a header block of its own; all small ones are shorter. */
  private static final int LARGE_EXTENT_BYTES =
      RecordHeader.LARGE_HEADER_BYTES + RecordHeader.LARGE_VALUE_BYTES;

  private static final int SMALL_READ_BYTES = LARGE_EXTENT_BYTES + 2 * BLOCK;

  private static final class Flight {
    final long begunNanos = System.nanoTime();
    final List<CompletableFuture<@Nullable Block>> waiters = new ArrayList<>(1);
  }

  /** What verification says. */
  private enum Verdict {
    WHOLE,
    OTHER_KEY,
    DAMAGED
  }

  private final Volume volume;
  private final MemoryPool pool;
  private final RecentReads reads;
  private final BooleanSupplier stalled;
  private final EvictionListener dropped;
  private final ConcurrentHashMap<Key, Flight> flights = new ConcurrentHashMap<>();
  private final Scratch headers = new Scratch(RecordHeader.LARGE_HEADER_BYTES);
  private final Scratch smalls = new Scratch(SMALL_READ_BYTES);

  /**
   * @param stalled whether the device does not answer: then a read is a miss at once
   */
  RecordReader(
      Volume volume,
      MemoryPool pool,
      RecentReads reads,
      BooleanSupplier stalled,
      EvictionListener dropped) {
    this.stalled = stalled;
    this.volume = volume;
    this.pool = pool;
    this.reads = reads;
    this.dropped = dropped;
  }

  /** The key's block with one reference for the caller, or null. */
  CompletableFuture<@Nullable Block> read(Key key) {
    CompletableFuture<@Nullable Block> waiter = new CompletableFuture<>();
    Flight made = new Flight();
    Flight _ =
        flights.compute(
            key,
            (k, flight) -> {
              Flight joined = flight == null ? made : flight;
              joined.waiters.add(waiter);
              return joined;
            });
    if (!made.waiters.isEmpty()) {
      attempt(new Reading(key, made), 1);
    }
    return waiter;
  }

  /**
   * Makes misses of the reads that began before that time. Their memory stays the device's until it
   * has answered.
   */
  void expire(long beforeNanos) {
    flights.forEach((key, flight) -> {
      if (flight.begunNanos - beforeNanos < 0) {
        new Reading(key, flight).finish(null, null);
      }
    });
  }

  private final class Reading {
    final Key key;
    final Flight flight;

    Reading(Key key, Flight flight) {
      this.key = key;
      this.flight = flight;
    }

    void finish(@Nullable Block block, @Nullable Throwable failure) {
      boolean _ = flights.remove(key, flight); // nobody joins from here on
      for (int i = 1; block != null && i < flight.waiters.size(); i++) {
        Payload _ = block.payload().retain();
      }
      for (CompletableFuture<@Nullable Block> waiter : flight.waiters) {
        boolean took =
            failure == null ? waiter.complete(block) : waiter.completeExceptionally(failure);
        if (!took && block != null) {
          block.payload().release(); // cancelled meanwhile
        }
      }
    }
  }

  private void attempt(Reading reading, int number) {
    try {
      long location = stalled.getAsBoolean() ? 0 : locate(reading.key);
      if (location == 0) {
        reading.finish(null, null);
        return;
      }
      reads.add(reading.key.fingerprint());
      if (Location.lengthBytes(location) >= LARGE_EXTENT_BYTES) {
        int length = Location.lengthBytes(location) - RecordHeader.LARGE_HEADER_BYTES;
        CompletableFuture<Void> _ =
            pool.allocate(length, MemoryPool.Purpose.READ)
                .handle((payload, failure) -> {
                  if (payload == null) {
                    reading.finish(null, failure);
                  } else {
                    readLarge(reading, number, location, payload);
                  }
                  return null;
                });
      } else {
        readSmall(reading, number, location);
      }
    } catch (RuntimeException e) {
      reading.finish(null, e);
    }
  }

  private long locate(Key key) {
    return volume.index().get(key.slot(), key.fingerprint(), volume.clock().nowMs());
  }

  /**
   * Holds the segment if the record is still there. Reclaim removes the entries first and then
   * waits for the holders, so what is held does not change underneath.
   */
  private boolean hold(Key key, long location) {
    int segment = Location.segment(location);
    volume.segments().hold(segment);
    if (locate(key) == location) {
      return true;
    }
    volume.segments().letGo(segment);
    return false;
  }

  private void readLarge(Reading reading, int number, long location, Payload payload) {
    if (!hold(reading.key, location)) {
      payload.release();
      attempt(reading, number); // it moved or went; the index knows
      return;
    }
    MemorySegment block = headers.take();
    List<MemorySegment> parts = new ArrayList<>();
    parts.add(block);
    for (int i = 0; i < payload.chunkCount(); i++) {
      parts.add(payload.ioSegment(i));
    }
    ScatterGather.read(
        volume.device(),
        offset(location),
        parts,
        failure -> {
          RecordHeader header = null;
          Verdict verdict = Verdict.DAMAGED;
          if (failure == null) {
            header = RecordHeader.decode(block.asByteBuffer(), 0);
            verdict = verify(header, reading.key, location);
            if (verdict == Verdict.WHOLE && header != null) {
              verdict = verifyLarge(header, payload);
            }
          }
          headers.give(block);
          conclude(reading, number, location, failure, verdict, header, payload);
        });
  }

  private void readSmall(Reading reading, int number, long location) {
    if (!hold(reading.key, location)) {
      attempt(reading, number);
      return;
    }
    long from = offset(location) & -BLOCK;
    int within = (int) (offset(location) - from);
    int bytes = (within + Location.lengthBytes(location) + BLOCK - 1) & -BLOCK;
    MemorySegment memory = smalls.take();
    volume
        .device()
        .read(
            from,
            new MemorySegment[] {memory.asSlice(0, bytes)},
            failure -> {
              ByteBuffer record =
                  memory.asByteBuffer().slice(within, Location.lengthBytes(location));
              RecordHeader header = failure == null ? RecordHeader.decode(record, 0) : null;
              Verdict verdict = verify(header, reading.key, location);
              if (verdict == Verdict.WHOLE && header != null) {
                int at = header.headerBytes();
                int length = header.valueLength();
                if (length > 0 && Checksum.of(record, at, at + length) != header.crcs()[0]) {
                  verdict = Verdict.DAMAGED;
                }
              }
              if (verdict != Verdict.WHOLE || header == null) {
                smalls.give(memory);
                conclude(reading, number, location, failure, verdict, header, null);
                return;
              }
              RecordHeader whole = header;
              volume.segments().letGo(Location.segment(location));
              CompletableFuture<@Nullable Void> _ =
                  copyOut(reading, whole, record.slice(whole.headerBytes(), whole.valueLength()))
                      .whenComplete((done, failed) -> smalls.give(memory));
            });
  }

  /** Takes a small value out of the scratch memory into the pool's. */
  private CompletableFuture<@Nullable Void> copyOut(
      Reading reading, RecordHeader header, ByteBuffer value) {
    CompletableFuture<Payload> granted;
    try {
      granted = pool.allocate(value.capacity(), MemoryPool.Purpose.READ);
    } catch (RuntimeException e) {
      reading.finish(null, e);
      return CompletableFuture.completedFuture(null);
    }
    return granted.handle((payload, failure) -> {
      if (payload == null) {
        reading.finish(null, failure);
        return null;
      }
      if (payload.chunkCount() > 0) {
        ByteBuffer _ = payload.chunk(0).put(value);
        payload.setCrc(0, header.crcs()[0]);
      }
      volume.counters().bytesRead.add(payload.length());
      reading.finish(
          new Block(header.token(), header.metadata(), header.expiresAtMs(), payload), null);
      return null;
    });
  }

  private void conclude(
      Reading reading,
      int number,
      long location,
      @Nullable IOException failure,
      Verdict verdict,
      @Nullable RecordHeader header,
      @Nullable Payload payload) {
    volume.segments().letGo(Location.segment(location));
    if (verdict == Verdict.WHOLE && header != null && payload != null) {
      volume.counters().bytesRead.add(payload.length());
      reading.finish(
          new Block(header.token(), header.metadata(), header.expiresAtMs(), payload), null);
      return;
    }
    if (payload != null) {
      payload.release();
    }
    if (failure != null) {
      volume.counters().readErrors.increment();
    }
    if (verdict == Verdict.OTHER_KEY) { // two keys of one fingerprint
      reading.finish(null, null);
    } else if (number < ATTEMPTS) {
      attempt(reading, number + 1);
    } else {
      if (failure != null) { // what is there cannot be told, but nothing more goes there
        volume.quarantine(Location.segment(location));
      }
      drop(reading.key, location, failure == null);
      reading.finish(null, null);
    }
  }

  private void drop(Key key, long location, boolean damaged) {
    volume.counters().checksumFailures.add(damaged ? 1 : 0);
    long stamp = volume.remove(key.slot(), key.fingerprint(), location);
    if (stamp != 0) {
      dropped.evicted(key.slot(), key.fingerprint(), stamp, EvictionListener.Cause.DAMAGED);
    }
  }

  private Verdict verify(@Nullable RecordHeader header, Key key, long location) {
    if (header == null) {
      return Verdict.DAMAGED;
    }
    int segment = Location.segment(location);
    RecordHeader.Place place = header.place();
    boolean here =
        place.segment() == segment
            && Rules.now.sameWriting(
                place.generation(),
                place.nonce(),
                volume.segments().generation(segment),
                volume.segments().nonce(segment))
            && place.offsetUnits() == Location.offsetUnits(location)
            && place.lengthUnits() == Location.lengthUnits(location)
            && header.kind() != RecordHeader.Kind.TOMBSTONE
            && header.fingerprint() == key.fingerprint();
    if (!here) {
      return Verdict.DAMAGED;
    }
    return Arrays.equals(header.key(), key.bytes()) ? Verdict.WHOLE : Verdict.OTHER_KEY;
  }

  private static Verdict verifyLarge(RecordHeader header, Payload payload) {
    if (!payload.trim(header.valueLength())) {
      return Verdict.DAMAGED;
    }
    for (int i = 0; i < payload.chunkCount(); i++) {
      if (payload.computeCrc(i) != header.crcs()[i]) {
        return Verdict.DAMAGED;
      }
      payload.setCrc(i, header.crcs()[i]);
    }
    return Verdict.WHOLE;
  }

  private long offset(long location) {
    return volume.geometry().segmentOffset(Location.segment(location))
        + (long) Location.offsetUnits(location) * Location.UNIT_BYTES;
  }
}
