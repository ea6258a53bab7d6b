package io.larder.node.store;

import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.MemoryPool;
import io.larder.node.block.SlotSummary;
import io.larder.node.device.BlockingIo;
import io.larder.node.device.Device;
import io.larder.protocol.Limits;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Blocks on one device. A record is written first and made visible afterwards; what was
 * acknowledged survives the death of the process. A full device forgets its oldest records, it
 * never refuses.
 *
 * <p>Thread-safe. Nothing here blocks its caller but {@link #open} and {@link #close}; futures
 * complete on device threads, which must not be blocked.
 */
public final class Store implements BlockStore, AutoCloseable {
  /** The lower bits of an LSN, a counter; above it the mount sequence. */
  static final int LSN_COUNTER_BITS = 44;

  private static final Logger LOG = LoggerFactory.getLogger(Store.class);
  private static final long CLOSE_DEADLINE_NANOS = 30_000_000_000L;

  private final Volume volume;
  private final LongSupplier clock;
  private final DeviceIdentity identity;
  private final RecoveryReport recovery;
  private final Unsettled unsettled = new Unsettled();
  private final Deletions deletions = new Deletions();
  private final Appender appender;
  private final Appender survivors;
  private final SegmentSealer sealer;
  private final Checkpointer checkpointer;
  private final Reclaimer reclaimer;
  private final ReadCounts reads = new ReadCounts();
  private final RecordReader reader;
  private final Watchdog watchdog;
  private final HeaderReader headers;
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile EvictionListener listener = (slot, fingerprint, stamp, cause) -> {};

  private Store(
      Volume volume,
      Superblock mounted,
      Checkpoint checkpoint,
      RecoveryReport recovery,
      MemoryPool pool,
      StoreConfig.Durability durability,
      int ioDeadlineMs) {
    this.volume = volume;
    this.clock = volume.clock()::nowMs;
    this.identity = DeviceIdentity.of(mounted);
    this.recovery = recovery;
    this.checkpointer = new Checkpointer(volume, mounted, checkpoint);
    this.sealer = new SegmentSealer(volume, checkpointer::request);
    FreeSegments free = new FreeSegments();
    Flusher flusher =
        durability == StoreConfig.Durability.FLUSH ? new Flusher(volume.device()) : null;
    this.appender = new Appender(volume, free, this.sealer, unsettled, false, flusher);
    this.survivors = new Appender(volume, free, this.sealer, unsettled, true, flusher);
    EvictionListener told =
        (slot, fingerprint, stamp, cause) -> listener.evicted(slot, fingerprint, stamp, cause);
    this.reader = new RecordReader(volume, pool, reads, this::areReadsStalled, told);
    this.watchdog = new Watchdog(volume, ioDeadlineMs, reader::expire);
    this.headers = new HeaderReader(volume, ioDeadlineMs);
    this.reclaimer =
        new Reclaimer(
            volume,
            free,
            this.sealer,
            survivors,
            new Reinserter(volume, survivors, deletions, pool),
            reads,
            told,
            checkpointer::request,
            flusher != null);
    for (int i = 0; i < volume.segments().count(); i++) {
      if (volume.segments().state(i) == Segments.State.FREE) {
        free.add(i);
      }
    }
    volume
        .fence()
        .listen(() -> {
          appender.pump();
          survivors.pump();
        });
    free.listen(
        reclaimer::wake,
        () -> {
          appender.pump();
          survivors.pump();
        });
  }

  /**
   * Opens a formatted device and recovers what it holds.
   *
   * @throws StoreException if it is missing, in use, not formatted, damaged beyond use or of a
   *     format that is not understood; the message names the cause and the remedy
   */
  public static Store open(StoreConfig config, MemoryPool pool) {
    return open(config, pool, (slot, fingerprint, stamp, cause) -> {});
  }

  /** As {@link #open(StoreConfig, MemoryPool)}, with a listener that misses no eviction. */
  public static Store open(StoreConfig config, MemoryPool pool, EvictionListener listener) {
    Device device;
    try {
      device = config.engine().open(config.device(), config.deviceThreads());
    } catch (IOException e) {
      throw new StoreException(String.valueOf(e.getMessage()), e);
    }
    boolean opened = false;
    try {
      Store store = open(device, pool, config.durability(), config.ioDeadlineMs(), listener);
      opened = true;
      return store;
    } finally {
      if (!opened) {
        device.close();
      }
    }
  }

  /**
   * Opens on a device of any engine, which the store then owns.
   *
   * @param ioDeadlineMs as in {@link StoreConfig}
   * @param listener misses no eviction
   */
  public static Store open(
      Device device,
      MemoryPool pool,
      StoreConfig.Durability durability,
      int ioDeadlineMs,
      EvictionListener listener) {
    try {
      Superblock superblock = Superblocks.open(device);
      Checkpoint.Loaded table =
          Checkpoint.load(device, superblock.geometry(), superblock.deviceUuid());
      Recovery recovery = new Recovery(device, superblock, table);
      recovery.read(() -> {});
      // Above everything seen, lest a superblock of the past be believed.
      long highest = Math.max(superblock.mountSequence(), recovery.highestMountSequence());
      long sequence = 1 + Math.max(highest, table == null ? 0 : table.mountSequence());
      if (sequence > Superblock.MAX_MOUNT_SEQUENCE) {
        throw new StoreException(device.name() + ": was opened too often; format it anew");
      }
      Superblock mounted = superblock.mounted(sequence);
      Superblocks.write(device, mounted);
      LogicalClock clock =
          new LogicalClock(
              table == null ? superblock.formattedAtMs() : table.clockMs(),
              System::currentTimeMillis,
              System::nanoTime);
      long _ = clock.advance();
      Volume volume =
          new Volume(
              device,
              superblock.geometry(),
              superblock.deviceUuid(),
              recovery.segments(),
              new Index(recovery.segments()),
              new Pins(DeviceIdentity.of(superblock).capacityBytes()),
              clock,
              new Counters(),
              new AtomicLong(sequence << LSN_COUNTER_BITS),
              new Fence());
      SegmentSealer sealer = new SegmentSealer(volume, () -> {});
      recovery.seal(sealer);
      RecoveryReport report = recovery.index(volume.index(), volume.pins());
      Checkpoint checkpoint =
          new Checkpoint(device, superblock.geometry(), superblock.deviceUuid(), table);
      Store store = new Store(volume, mounted, checkpoint, report, pool, durability, ioDeadlineMs);
      store.onEviction(listener);
      long _ = store.checkpointer.write();
      store.watchdog.start();
      store.checkpointer.start();
      store.reclaimer.start();
      store.appender.pump();
      LOG.info(
          "{}: opened with engine {}: {} records in {} ms, read {} bytes, {} from footers, {} from"
              + " scans of {} segments, rejected {}",
          device.name(),
          device.engine(),
          report.records(),
          report.durationMs(),
          report.bytesRead(),
          report.recordsFromFooters(),
          report.recordsFromScans(),
          report.segmentsScanned(),
          report.rejected());
      return store;
    } catch (IOException e) {
      throw new StoreException(device.name() + ": could not be opened: " + e.getMessage(), e);
    }
  }

  /** What its parts share; for tests. */
  Volume volume() {
    return volume;
  }

  /** Writes a checkpoint now and returns its sequence; for tests. */
  long checkpoint() throws IOException {
    return checkpointer.write();
  }

  /** What opening took and found. */
  public RecoveryReport recovery() {
    return recovery;
  }

  /** Whose device it is and how large. */
  public DeviceIdentity identity() {
    return identity;
  }

  @Override
  public int maxValueBytes() {
    return identity.maxValueBytes();
  }

  @Override
  public long nowMs() {
    return volume.clock().nowMs();
  }

  @Override
  public CompletableFuture<WrittenRecord> write(Key key, Block block) {
    if (block.payload().length() > maxValueBytes()
        || block.metadata().length > Limits.MAX_METADATA_BYTES) {
      return CompletableFuture.failedFuture(
          new StoreException(
              "a value of "
                  + block.payload().length()
                  + " bytes with "
                  + block.metadata().length
                  + " of metadata does not fit: this device takes "
                  + maxValueBytes()
                  + " and "
                  + Limits.MAX_METADATA_BYTES));
    }
    Append append =
        Append.value(
            key.slot(),
            key.fingerprint(),
            key.bytes(),
            block.metadata(),
            block.payload(),
            block.expiresAtMs(),
            block.id());
    appender.append(append);
    return append.done.thenApply(done -> new Written(volume, appender, done, reclaimer::wake));
  }

  @Override
  public CompletableFuture<@Nullable Block> read(Key key) {
    return reader.read(key, false);
  }

  @Override
  public CompletableFuture<@Nullable Block> stream(Key key) {
    return reader.read(key, true);
  }

  @Override
  public void touch(long fingerprint) {
    reads.add(fingerprint);
  }

  @Override
  public CompletableFuture<@Nullable StoredRecord> describe(int slot, long fingerprint) {
    return headers.read(slot, fingerprint);
  }

  @Override
  public long find(int slot, long fingerprint) {
    return volume.index().stamp(slot, fingerprint, clock);
  }

  @Override
  public long expiryOf(int slot, long fingerprint) {
    return volume.index().expiryOf(slot, fingerprint);
  }

  @Override
  public CompletableFuture<Boolean> delete(int slot, long fingerprint, long expectedStamp) {
    deletions.begin(fingerprint); // from here on reclaim does not move it
    long location = volume.index().get(slot, fingerprint, Long.MIN_VALUE);
    if (location == 0
        || (expectedStamp != 0
            && volume.index().stamp(slot, fingerprint, () -> Long.MIN_VALUE) != expectedStamp)) {
      deletions.end(fingerprint);
      return CompletableFuture.completedFuture(false);
    }
    Append tombstone = Append.tombstone(slot, fingerprint, Tombstone.OLDER, 0, 0, 0);
    CompletableFuture<Boolean> deleted =
        tombstone
            .done
            .thenApply(done -> {
              volume.pins().forget(fingerprint, done.lsn());
              return volume.remove(slot, fingerprint, location) != 0;
            })
            .whenComplete((done, failure) -> deletions.end(fingerprint));
    appender.append(tombstone);
    return deleted;
  }

  @Override
  public CompletableFuture<Boolean> pin(int slot, long fingerprint, boolean on) {
    Pins pins = volume.pins();
    long location = volume.index().get(slot, fingerprint, volume.clock().nowMs());
    if (location == 0 || pins.isPinned(fingerprint) == on) {
      return CompletableFuture.completedFuture(location != 0);
    }
    int bytes = Location.lengthBytes(location);
    if (on && !pins.begin(bytes)) {
      return CompletableFuture.failedFuture(
          new StoreException(
              "pinning "
                  + bytes
                  + " bytes more would be too much: "
                  + pins.bytes()
                  + " of at most "
                  + pins.maxBytes()
                  + ", a quarter of the device, are pinned; unpin others first"));
    }
    Append marker =
        Append.tombstone(slot, fingerprint, on ? Tombstone.PIN : Tombstone.UNPIN, 0, 0, 0);
    CompletableFuture<Boolean> done =
        marker.done.handle((written, failure) -> {
          if (on) {
            pins.end(
                fingerprint,
                bytes,
                written == null ? null : Long.valueOf(written.lsn()),
                () -> volume.index().get(slot, fingerprint, Long.MIN_VALUE) != 0);
          } else if (written != null) {
            pins.forget(fingerprint, written.lsn());
          }
          if (failure != null) {
            throw failure instanceof StoreException known
                ? known
                : new StoreException("a pin could not be written", failure);
          }
          if (volume.index().get(slot, fingerprint, Long.MIN_VALUE) == 0) { // gone meanwhile
            pins.forget(fingerprint, Long.MAX_VALUE);
            return false;
          }
          return true;
        });
    appender.append(marker);
    return done;
  }

  @Override
  public void forEach(int slot, EntryVisitor visitor) {
    volume
        .index()
        .forEach(
            slot,
            volume.clock().nowMs(),
            (fingerprint, location, stamp, expiresAtMs) ->
                visitor.visit(fingerprint, stamp, expiresAtMs));
  }

  @Override
  public SlotSummary summary(int slot) {
    return volume.index().summary(slot, volume.clock().nowMs());
  }

  @Override
  public void onEviction(EvictionListener newListener) {
    listener = newListener;
  }

  /** How many records the index knows. Does no I/O and takes no lock. */
  public long records() {
    return volume.index().size();
  }

  @Override
  public StoreStats stats() {
    Segments segments = volume.segments();
    Map<String, Integer> states = new TreeMap<>();
    long used = 0;
    for (int i = 0; i < segments.count(); i++) {
      int _ = states.merge(segments.state(i).name().toLowerCase(Locale.ROOT), 1, Integer::sum);
      used += segments.liveBytes(i);
    }
    Counters counters = volume.counters();
    return new StoreStats(
        identity.capacityBytes(),
        used,
        volume.pins().bytes(),
        volume.index().size(),
        Map.copyOf(states),
        counters.evictions.sum(),
        counters.checksumFailures.sum(),
        counters.readErrors.sum(),
        counters.writeErrors.sum(),
        counters.bytesWritten.sum(),
        counters.bytesRead.sum(),
        counters.bytesReinserted.sum(),
        counters.segmentsReclaimed.sum(),
        checkpointer.ageMs(),
        appender.waiting() + survivors.waiting(),
        volume.device().pending(),
        volume.device().engine(),
        counters.stalls.sum(),
        watchdog.isStalled(),
        volume.fence().get() != null);
  }

  /**
   * Finishes what is in flight, seals, writes a checkpoint and releases the device. Writes that
   * come later fail. Idempotent.
   */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    reclaimer.close();
    appender.close();
    survivors.close();
    long deadline = System.nanoTime() + CLOSE_DEADLINE_NANOS;
    while (!isQuiet() && !watchdog.isStalled() && System.nanoTime() < deadline) {
      LockSupport.parkNanos(1_000_000);
    }
    checkpointer.close();
    // On a thread of its own, so that a device that stalls only now keeps nobody.
    Ending.await(Thread.ofPlatform().name("larder-close").start(this::leave), volume.fence());
    watchdog.close();
    volume.device().close();
  }

  /** Leaves the device as the next start likes it best; a stalled one is left as it is. */
  private void leave() {
    if (volume.fence().get() != null || watchdog.isStalled()) {
      return;
    }
    try {
      giveBack(appender.unused());
      giveBack(survivors.unused());
      long _ = checkpointer.write();
    } catch (IOException e) {
      LOG.warn("{}: closed without a last checkpoint", volume.device().name(), e);
    }
  }

  private boolean areReadsStalled() {
    return watchdog.areReadsStalled();
  }

  private boolean isQuiet() {
    return appender.isIdle()
        && survivors.isIdle()
        && volume.segments().count(Segments.State.SEALING) == 0;
  }

  /** A segment opened ahead and never used is free again, so the next start need not scan it. */
  private void giveBack(@Nullable OpenSegment segment) throws IOException {
    if (segment == null) {
      return;
    }
    SegmentHeader header = sealer.nextHeader(segment.index(), true);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment block = arena.allocate(SegmentHeader.BYTES, Device.BLOCK_BYTES);
      header.encode(block.asByteBuffer());
      BlockingIo.write(volume.device(), volume.geometry().segmentOffset(segment.index()), block);
    }
    volume.segments().identity(segment.index(), header.generation(), header.nonce(), header.lsn());
    volume.segments().state(segment.index(), Segments.State.FREE);
  }
}
