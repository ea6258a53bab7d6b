package io.larder.node.simulation;

import static io.larder.node.simulation.Schedule.MS;
import static io.larder.node.simulation.Schedule.SECOND;
import static io.larder.node.store.EvictionListener.Cause.RECLAIMED;

import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.MemoryPool;
import io.larder.node.block.SlotSummary;
import io.larder.node.simulation.SimulatedDisk.Entry;
import io.larder.node.store.BlockStore;
import io.larder.node.store.EntryVisitor;
import io.larder.node.store.EvictionListener;
import io.larder.node.store.StoreException;
import io.larder.node.store.StoreStats;
import io.larder.node.store.StoredRecord;
import io.larder.node.store.WrittenRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The store of one life of a node, on a {@link SimulatedDisk}. Acknowledged writes are on the disk;
 * after a crash each write that was not acknowledged may be. Device operations take time and may
 * fail.
 */
final class SimulatedStore implements BlockStore {
  private static final int MAX_VALUE_BYTES = 1 << 20;

  private final World world;
  private final NodeLife life;
  private final SimulatedDisk disk;
  private final Map<Long, Entry> visible;
  private final Map<Long, Long> heldSinceNs = new HashMap<>();
  private final Set<Entry> going = new HashSet<>();
  private final Set<Long> pins = new HashSet<>();
  private EvictionListener listener = (_, _, _, _) -> {};

  SimulatedStore(World world, NodeLife life, SimulatedDisk disk) {
    this.world = world;
    this.life = life;
    this.disk = disk;
    this.visible =
        new HashMap<>(disk.recover(world.profile.restamps() && world.schedule.chance(0.5)));
    for (Entry entry : visible.values()) {
      heldSinceNs.put(entry.lsn(), world.schedule.nowNs());
      world.checker.visible(life.node(), entry);
    }
  }

  private long latencyNs() {
    Schedule schedule = world.schedule;
    return !world.checker.isCalm() && schedule.chance(world.profile.diskSlow())
        ? schedule.between(MS, SECOND)
        : schedule.between(50_000, 3 * MS);
  }

  /**
   * Changes the disk after a while and then, if the node still lives, completes the future.
   *
   * @return fails if the device does
   */
  private <T> CompletableFuture<T> write(Runnable onDisk, Supplier<T> after) {
    CompletableFuture<T> done = new CompletableFuture<>();
    boolean fails = !world.checker.isCalm() && world.schedule.chance(world.profile.diskFails());
    // The change and its acknowledgement are two events: a crash may come between.
    long leavesNs = life.node().runsAgainNs();
    long atNs = leavesNs + latencyNs();
    if (!fails) {
      world.schedule.at(
          atNs,
          () -> {
            if (life.isAlive() || (life.diedNs() >= leavesNs && world.schedule.chance(0.5))) {
              onDisk.run();
            }
          });
    }
    world.schedule.at(
        atNs + 10_000,
        () ->
            life.run(() -> {
              if (fails) {
                done.completeExceptionally(new StoreException("the simulated device failed"));
              } else {
                done.complete(after.get());
              }
            }));
    return done;
  }

  @Override
  public int maxValueBytes() {
    return MAX_VALUE_BYTES;
  }

  @Override
  public long nowMs() {
    return life.node().logicalNowMs();
  }

  @Override
  public CompletableFuture<WrittenRecord> write(Key key, Block block) {
    Entry entry =
        new Entry(
            key.bytes(),
            key.slot(),
            key.fingerprint(),
            disk.nextLsn(),
            disk.nextStamp(),
            block.id(),
            block.metadata(),
            block.expiresAtMs(),
            Checker.attemptOf(block.metadata()));
    return write(() -> disk.append(entry), () -> new SimulatedRecord(entry));
  }

  private final class SimulatedRecord implements WrittenRecord {
    private final Entry entry;
    private boolean settled;

    SimulatedRecord(Entry entry) {
      this.entry = entry;
    }

    @Override
    public long stamp() {
      return entry.stamp();
    }

    @Override
    public void publish() {
      settle();
      Entry old = visible.get(entry.fingerprint());
      if (old != null && old.lsn() > entry.lsn()) {
        world.violated("an older record was published over a newer one: " + entry);
      }
      visible.put(entry.fingerprint(), entry);
      heldSinceNs.put(entry.lsn(), world.schedule.nowNs());
      pins.remove(entry.fingerprint());
      world.checker.published(life.node(), entry, old);
    }

    @Override
    public CompletableFuture<Void> discard() {
      settle();
      world.checker.discarded(life.node(), entry);
      if (world.mutant == Mutant.DISCARD) {
        return CompletableFuture.completedFuture(null);
      }
      return SimulatedStore.this
          .write(() -> disk.kill(entry.lsn()), () -> true)
          .thenAccept(_ -> {})
          .whenComplete((_, failure) -> settled = failure == null);
    }

    private void settle() {
      if (settled) {
        world.violated("a record was published or discarded twice: " + entry);
      }
      settled = true;
    }
  }

  private @Nullable Entry live(int slot, long fingerprint) {
    Entry entry = visible.get(fingerprint);
    return entry == null || entry.slot() != slot || nowMs() >= entry.expiresAtMs() ? null : entry;
  }

  @Override
  public void touch(long fingerprint) {}

  @Override
  public CompletableFuture<@Nullable Block> stream(Key key) {
    return read(key);
  }

  @Override
  public CompletableFuture<@Nullable Block> read(Key key) {
    CompletableFuture<@Nullable Block> done = new CompletableFuture<>();
    life.after(
        latencyNs(),
        () -> {
          Entry entry = live(key.slot(), key.fingerprint());
          done.complete(
              entry == null
                  ? null
                  : new Block(
                      entry.token(),
                      entry.metadata(),
                      entry.expiresAtMs(),
                      world.pool.allocate(0, MemoryPool.Purpose.READ).join()));
        });
    return done;
  }

  @Override
  public CompletableFuture<@Nullable StoredRecord> describe(int slot, long fingerprint) {
    CompletableFuture<@Nullable StoredRecord> done = new CompletableFuture<>();
    life.after(
        latencyNs(),
        () -> {
          Entry entry = live(slot, fingerprint);
          done.complete(
              entry == null
                  ? null
                  : new StoredRecord(
                      entry.key(),
                      entry.token(),
                      entry.stamp(),
                      entry.expiresAtMs(),
                      0,
                      pins.contains(fingerprint)));
        });
    return done;
  }

  @Override
  public long find(int slot, long fingerprint) {
    Entry entry = live(slot, fingerprint);
    return entry == null ? 0 : entry.stamp();
  }

  @Override
  public long expiryOf(int slot, long fingerprint) {
    Entry entry = visible.get(fingerprint);
    return entry == null ? Block.NEVER : entry.expiresAtMs();
  }

  @Override
  public CompletableFuture<Boolean> delete(int slot, long fingerprint, long expectedStamp) {
    Entry entry = visible.get(fingerprint);
    if (entry == null || (expectedStamp != 0 && entry.stamp() != expectedStamp)) {
      return CompletableFuture.completedFuture(false);
    }
    going.add(entry);
    return write(
            () -> {
              disk.killUpTo(fingerprint, entry.lsn());
              world.checker.deleted(life.node(), entry);
            },
            () -> {
              pins.remove(fingerprint);
              return visible.remove(fingerprint, entry);
            })
        .whenComplete((_, _) -> going.remove(entry));
  }

  @Override
  public CompletableFuture<Boolean> pin(int slot, long fingerprint, boolean on) {
    if (live(slot, fingerprint) == null) {
      return CompletableFuture.completedFuture(false);
    }
    return write(
        () -> {},
        () -> {
          boolean there = live(slot, fingerprint) != null;
          if (on && there) {
            pins.add(fingerprint);
          } else {
            pins.remove(fingerprint);
          }
          return there;
        });
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // the very record, not one like it
  public void forEach(int slot, EntryVisitor visitor) {
    for (Entry entry : List.copyOf(visible.values())) {
      if (live(slot, entry.fingerprint()) == entry) {
        visitor.visit(entry.fingerprint(), entry.stamp(), entry.expiresAtMs());
      }
    }
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // the very record, not one like it
  public SlotSummary summary(int slot) {
    int count = 0;
    long xor = 0;
    for (Entry entry : visible.values()) {
      if (live(slot, entry.fingerprint()) == entry) {
        count++;
        xor ^= entry.fingerprint();
      }
    }
    return new SlotSummary(count, xor);
  }

  @Override
  public void onEviction(EvictionListener newListener) {
    listener = newListener;
  }

  /** Reclaims a record, as a full device would. */
  void evictOne() {
    List<Entry> entries = new ArrayList<>(visible.values());
    entries.removeIf(entry -> pins.contains(entry.fingerprint()));
    if (!entries.isEmpty()) {
      Entry entry = entries.get(world.schedule.below(entries.size()));
      disk.killUpTo(entry.fingerprint(), entry.lsn());
      visible.remove(entry.fingerprint());
      world.checker.evicted(life.node(), entry);
      listener.evicted(entry.slot(), entry.fingerprint(), entry.stamp(), RECLAIMED);
    }
  }

  /** When the record became visible in this life. */
  long heldSinceNs(Entry entry) {
    return heldSinceNs.getOrDefault(entry.lsn(), 0L);
  }

  /** The record of a key that the node holds, unless an order to drop it has come. */
  @Nullable Entry held(Key key) {
    Entry entry = live(key.slot(), key.fingerprint());
    return entry == null || going.contains(entry) ? null : entry;
  }

  @Override
  public StoreStats stats() {
    throw new UnsupportedOperationException("no figures of a simulated store");
  }
}
