package io.larder.node.store.log;

import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.MemoryPool;
import io.larder.node.block.Payload;
import io.larder.node.device.Scratch;
import io.larder.node.store.EvictionListener;
import io.larder.node.store.format.Checksum;
import io.larder.node.store.format.Geometry;
import io.larder.node.store.format.Location;
import io.larder.node.store.format.RecordHeader;
import io.larder.node.store.log.LargeRead.Verdict;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads records into pool memory. Concurrent reads of a key share one device read. A record counts
 * only when place, key and checksums agree; one that does not verify is read once more, and then
 * dropped from the index. A large record can be handed out while its chunks still arrive: {@link
 * LargeRead}.
 */
final class RecordReader {
  private static final int BLOCK = Geometry.BLOCK_BYTES;

  private static final int SMALL_READ_BYTES = RecordHeader.LARGE_EXTENT_BYTES + 2 * BLOCK;

  private final Volume volume;
  private final MemoryPool pool;
  private final ReadCounts reads;
  private final BooleanSupplier stalled;
  private final EvictionListener dropped;
  private final ConcurrentHashMap<Key, SharedRead> flights = new ConcurrentHashMap<>();
  private final Scratch headers = new Scratch(RecordHeader.LARGE_HEADER_BYTES);
  private final Scratch smalls = new Scratch(SMALL_READ_BYTES);

  /**
   * @param stalled whether the device does not answer: then every read is a miss at once
   */
  RecordReader(
      Volume volume,
      MemoryPool pool,
      ReadCounts reads,
      BooleanSupplier stalled,
      EvictionListener dropped) {
    this.stalled = stalled;
    this.volume = volume;
    this.pool = pool;
    this.reads = reads;
    this.dropped = dropped;
  }

  /**
   * The key's block with one reference for the caller, or null.
   *
   * @param early whether to return a large block as soon as its first chunk has arrived
   */
  CompletableFuture<@Nullable Block> read(Key key, boolean early) {
    CompletableFuture<@Nullable Block> waiter = new CompletableFuture<>();
    for (; ; ) {
      SharedRead made = new SharedRead();
      SharedRead flight = flights.computeIfAbsent(key, k -> made);
      if (flight.join(waiter, early)) {
        if (flight == made) {
          attempt(new PendingRead(flights, key, made), 1);
        }
        return waiter;
      }
      Thread.onSpinWait(); // it has landed and is being removed from the table
    }
  }

  /**
   * Ends the reads that began before that time as misses. Their memory belongs to the device until
   * it has answered.
   */
  void expire(long beforeNanos) {
    flights.forEach((key, flight) -> {
      if (flight.begunNanos - beforeNanos < 0) {
        new PendingRead(flights, key, flight).finish(null, null);
      }
    });
  }

  private record PendingRead(
      ConcurrentHashMap<Key, SharedRead> flights, Key key, SharedRead flight) {

    /** Takes over the caller's reference to the block. */
    void finish(@Nullable Block block, @Nullable Throwable failure) {
      flights.remove(key, flight); // nobody joins from here on
      flight.land(block, failure);
    }
  }

  private void attempt(PendingRead reading, int number) {
    try {
      long location = stalled.getAsBoolean() ? 0 : locate(reading.key);
      if (location == 0) {
        reading.finish(null, null);
        return;
      }
      reads.add(reading.key.fingerprint());
      if (Location.lengthBytes(location) >= RecordHeader.LARGE_EXTENT_BYTES) {
        int length = Location.lengthBytes(location) - RecordHeader.LARGE_HEADER_BYTES;
        var _ =
            pool.allocate(length, MemoryPool.Purpose.READ)
                .handle((payload, failure) -> {
                  if (payload == null) {
                    reading.finish(null, failure);
                  } else {
                    readLarge(reading, location, payload);
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

  private boolean tryRetain(Key key, long location) {
    return volume
        .index()
        .tryRetain(key.slot(), key.fingerprint(), location, volume.clock().nowMs());
  }

  private void readLarge(PendingRead reading, long location, Payload payload) {
    if (!tryRetain(reading.key, location)) {
      payload.release();
      attempt(reading, 1); // it was moved or removed: ask the index again
      return;
    }
    new LargeRead(
            volume,
            headers,
            volume.geometry().recordOffset(location),
            payload,
            new Arrival(reading, location, payload))
        .start();
  }

  /** The arrival of the chunks of a large record. */
  private final class Arrival implements LargeRead.Listener {
    private final PendingRead reading;
    private final long location;
    private final Payload payload;
    private @Nullable Block block;
    private boolean passedOn;

    Arrival(PendingRead reading, long location, Payload payload) {
      this.reading = reading;
      this.location = location;
      this.payload = payload;
    }

    @Override
    public Verdict verify(@Nullable RecordHeader header) {
      return RecordReader.this.verify(header, reading.key, location);
    }

    @Override
    public void begun(RecordHeader header) {
      Block begun = new Block(header.token(), header.metadata(), header.expiresAtMs(), payload);
      block = begun;
      reading.flight.begin(begun);
    }

    @Override
    public void ended(Verdict verdict, @Nullable IOException failure) {
      if (verdict == Verdict.WHOLE) {
        volume.counters().bytesRead.add(payload.length());
        passedOn = true;
        reading.finish(block, null);
      } else {
        fail(reading, location, verdict, failure);
      }
    }

    @Override
    public void released() {
      volume.segments().release(Location.segment(location));
      if (!passedOn) {
        payload.release();
      }
    }
  }

  private void readSmall(PendingRead reading, int number, long location) {
    if (!tryRetain(reading.key, location)) {
      attempt(reading, number);
      return;
    }
    long offset = volume.geometry().recordOffset(location);
    long from = offset & -BLOCK;
    int within = (int) (offset - from);
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
              volume.segments().release(Location.segment(location));
              if (verdict != Verdict.WHOLE || header == null) {
                smalls.giveBack(memory);
                if (failure != null) {
                  volume.counters().readErrors.increment();
                }
                if (verdict == Verdict.DAMAGED && number < LargeRead.ATTEMPTS) {
                  attempt(reading, number + 1);
                } else {
                  fail(reading, location, verdict, failure);
                }
                return;
              }
              RecordHeader whole = header;
              var _ =
                  copyOut(reading, whole, record.slice(whole.headerBytes(), whole.valueLength()))
                      .whenComplete((done, failed) -> smalls.giveBack(memory));
            });
  }

  /** Copies a small value from the scratch memory to the pool. */
  private CompletableFuture<@Nullable Void> copyOut(
      PendingRead reading, RecordHeader header, ByteBuffer value) {
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
        payload.chunk(0).put(value);
        payload.setCrc(0, header.crcs()[0]);
      }
      volume.counters().bytesRead.add(payload.length());
      reading.finish(
          new Block(header.token(), header.metadata(), header.expiresAtMs(), payload), null);
      return null;
    });
  }

  /** Ends a read as a miss; drops a damaged record. */
  private void fail(
      PendingRead reading, long location, Verdict verdict, @Nullable IOException failure) {
    if (verdict == Verdict.DAMAGED) {
      if (failure != null) { // the record may be intact, but nothing more is written there
        volume.quarantine(Location.segment(location));
      }
      drop(reading.key, location, failure == null);
    }
    reading.finish(null, null); // a record of another key with this fingerprint is just a miss
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
    boolean here =
        volume.segments().isAt(header.place(), location)
            && header.kind() != RecordHeader.Kind.TOMBSTONE
            && header.fingerprint() == key.fingerprint();
    if (!here) {
      return Verdict.DAMAGED;
    }
    return Arrays.equals(header.key(), key.bytes()) ? Verdict.WHOLE : Verdict.OTHER_KEY;
  }
}
