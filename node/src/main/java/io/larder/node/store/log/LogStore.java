package io.larder.node.store.log;

import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.MemoryPool;
import io.larder.node.block.SlotSummary;
import io.larder.node.device.Device;
import io.larder.node.store.BlockStore;
import io.larder.node.store.DeviceIdentity;
import io.larder.node.store.EntryVisitor;
import io.larder.node.store.EvictionListener;
import io.larder.node.store.RecoveryReport;
import io.larder.node.store.StoreConfig;
import io.larder.node.store.StoreException;
import io.larder.node.store.StoreStats;
import io.larder.node.store.StoredRecord;
import io.larder.node.store.WrittenRecord;
import io.larder.node.store.format.CheckpointTable;
import io.larder.node.store.format.Location;
import io.larder.node.store.format.SegmentState;
import io.larder.node.store.format.Superblock;
import io.larder.node.store.format.Tombstone;
import io.larder.protocol.Limits;
import java.io.IOException;
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
 * A log-structured store of blocks on one device. A full device drops its oldest records and never
 * refuses a put.
 *
 * <p>Thread-safe. Nothing here blocks its caller but {@link #open} and {@link #close}; futures
 * complete on device threads, which must not be blocked.
 */
public final class LogStore implements BlockStore, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LogStore.class);
  private static final long CLOSE_DEADLINE_NANOS = 30_000_000_000L;

  private final Volume volume;
  private final LongSupplier clock;
  private final DeviceIdentity identity;
  private final RecoveryReport recovery;
  private final PendingPuts pending = new PendingPuts();
  private final Deletions deletions = new Deletions();
  private final Appender appender;
  private final Appender relocations;
  private final SegmentSealer sealer;
  private final Checkpointer checkpointer;
  private final Reclaimer reclaimer;
  private final ReadCounts reads = new ReadCounts();
  private final RecordReader reader;
  private final Watchdog watchdog;
  private final HeaderReader headers;
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile EvictionListener listener = (slot, fingerprint, stamp, cause) -> {};

  private LogStore(
      Volume volume,
      Superblock mounted,
      Checkpoint checkpoint,
      RecoveryReport recovery,
      MemoryPool pool,
      StoreConfig.Durability durability,
      int ioDeadlineMs) {
    this.volume = volume;
    this.clock = volume.clock()::nowMs;
    this.identity = Superblocks.identity(mounted);
    this.recovery = recovery;
    this.checkpointer = new Checkpointer(volume, mounted, checkpoint);
    this.sealer = new SegmentSealer(volume, checkpointer::request);
    FreeSegments free = new FreeSegments();
    Flusher flusher =
        durability == StoreConfig.Durability.FLUSH ? new Flusher(volume.device()) : null;
    this.appender = new Appender(volume, free, this.sealer, pending, false, flusher);
    this.relocations = new Appender(volume, free, this.sealer, pending, true, flusher);
    EvictionListener evicted =
        (slot, fingerprint, stamp, cause) -> listener.evicted(slot, fingerprint, stamp, cause);
    this.reader = new RecordReader(volume, pool, reads, this::areReadsStalled, evicted);
    this.watchdog = new Watchdog(volume, ioDeadlineMs, reader::expire);
    this.headers = new HeaderReader(volume, ioDeadlineMs);
    this.reclaimer =
        new Reclaimer(
            volume,
            free,
            this.sealer,
            relocations,
            new Relocator(volume, relocations, deletions, pool),
            reads,
            evicted,
            checkpointer::request,
            flusher != null);
    for (int i = 0; i < volume.segments().count(); i++) {
      if (volume.segments().state(i) == SegmentState.FREE) {
        free.giveBack(i);
      }
    }
    volume
        .fence()
        .listen(() -> {
          appender.pump();
          relocations.pump();
        });
    free.listen(
        reclaimer::wake,
        () -> {
          appender.pump();
          relocations.pump();
        });
  }

  /**
   * Opens a formatted device and recovers its records.
   *
   * @throws StoreException if it is missing, in use, not formatted, damaged beyond use or of a
   *     format that is not understood; the message names the cause and the remedy
   */
  public static LogStore open(StoreConfig config, MemoryPool pool) {
    return open(config, pool, (slot, fingerprint, stamp, cause) -> {});
  }

  /** As {@link #open(StoreConfig, MemoryPool)}, with a listener that misses no eviction. */
  public static LogStore open(StoreConfig config, MemoryPool pool, EvictionListener listener) {
    Device device;
    try {
      device = config.engine().open(config.device(), config.deviceThreads());
    } catch (IOException e) {
      throw new StoreException(String.valueOf(e.getMessage()), e);
    }
    boolean opened = false;
    try {
      LogStore store = open(device, pool, config.durability(), config.ioDeadlineMs(), listener);
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
  public static LogStore open(
      Device device,
      MemoryPool pool,
      StoreConfig.Durability durability,
      int ioDeadlineMs,
      EvictionListener listener) {
    try {
      Superblock superblock = Superblocks.open(device);
      Checkpoint checkpoint =
          new Checkpoint(device, superblock.geometry(), superblock.deviceUuid());
      CheckpointTable table = checkpoint.load();
      Recovery recovery = new Recovery(device, superblock, table);
      recovery.read(() -> {});
      // Above every sequence seen, so that no superblock of the past is believed.
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
      clock.advance();
      Volume volume =
          new Volume(
              device,
              superblock.geometry(),
              superblock.deviceUuid(),
              recovery.segments(),
              new Index(recovery.segments()),
              new Pins(Superblocks.identity(superblock).capacityBytes()),
              clock,
              new Counters(),
              new AtomicLong(sequence << Superblock.LSN_COUNTER_BITS),
              new WriteFence());
      SegmentSealer sealer = new SegmentSealer(volume, () -> {});
      recovery.seal(sealer);
      RecoveryReport report = recovery.index(volume.index(), volume.pins());
      LogStore store =
          new LogStore(volume, mounted, checkpoint, report, pool, durability, ioDeadlineMs);
      store.onEviction(listener);
      store.checkpointer.write();
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

  /** The state that its parts share; for tests. */
  Volume volume() {
    return volume;
  }

  /** Writes a checkpoint now and returns its sequence; for tests. */
  long checkpoint() throws IOException {
    synchronized (checkpointer) {
      checkpointer.write();
      return checkpointer.sequence();
    }
  }

  /** The cost and the findings of opening. */
  public RecoveryReport recovery() {
    return recovery;
  }

  /** Identity and capacity of the device. */
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
    return append.done.thenApply(done -> new PendingPut(volume, appender, done, reclaimer::wake));
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
    deletions.begin(fingerprint); // from here on reclaim does not relocate it
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
          if (on && written != null) {
            pins.made(
                fingerprint,
                bytes,
                written.lsn(),
                () -> volume.index().get(slot, fingerprint, Long.MIN_VALUE) != 0);
          } else if (on) {
            pins.failed(bytes);
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

  /** The number of records in the index. Does no I/O. */
  public long records() {
    return volume.index().size();
  }

  @Override
  public StoreStats stats() {
    Segments segments = volume.segments();
    Map<String, Integer> states = new TreeMap<>();
    long used = 0;
    for (int i = 0; i < segments.count(); i++) {
      states.merge(segments.state(i).name().toLowerCase(Locale.ROOT), 1, Integer::sum);
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
        counters.bytesRelocated.sum(),
        counters.segmentsReclaimed.sum(),
        checkpointer.ageMs(),
        appender.waiting() + relocations.waiting(),
        volume.device().pending(),
        volume.device().engine(),
        counters.stalls.sum(),
        watchdog.isStalled(),
        volume.fence().get() != null);
  }

  /**
   * Finishes writes in flight, seals, writes a checkpoint and closes the device. Later writes fail.
   * Idempotent.
   */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    reclaimer.close();
    appender.close();
    relocations.close();
    long deadline = System.nanoTime() + CLOSE_DEADLINE_NANOS;
    while (!isQuiet() && !watchdog.isStalled() && System.nanoTime() < deadline) {
      LockSupport.parkNanos(1_000_000);
    }
    checkpointer.close();
    // On a thread of its own, so that a device that stalls only now blocks nobody.
    ThreadEnd.await(Thread.ofPlatform().name("larder-close").start(this::leave), volume.fence());
    watchdog.close();
    volume.device().close();
  }

  /** Leaves the device ready for a fast start; leaves a stalled one as it is. */
  private void leave() {
    if (volume.fence().get() != null || watchdog.isStalled()) {
      return;
    }
    try {
      giveBack(appender.unused());
      giveBack(relocations.unused());
      checkpointer.write();
    } catch (IOException e) {
      LOG.warn("{}: closed without a last checkpoint", volume.device().name(), e);
    }
  }

  private boolean areReadsStalled() {
    return watchdog.areReadsStalled();
  }

  private boolean isQuiet() {
    return appender.isIdle()
        && relocations.isIdle()
        && volume.segments().count(SegmentState.SEALING) == 0;
  }

  /** Frees a segment that was opened ahead and never used: the next start need not scan it. */
  private void giveBack(@Nullable OpenSegment segment) throws IOException {
    if (segment != null) {
      sealer.free(segment.index(), false);
    }
  }
}
