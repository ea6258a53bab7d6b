package io.larder.node.router.read;

import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.KeyRef;
import io.larder.node.block.Payload;
import io.larder.node.directory.Lookup;
import io.larder.node.hot.HotTier;
import io.larder.node.peer.PeerException;
import io.larder.node.peer.PeerRequest;
import io.larder.node.router.cluster.Cluster;
import io.larder.node.router.cluster.Futures;
import io.larder.node.router.cluster.OwnerGroups;
import io.larder.node.router.cluster.Timing;
import io.larder.node.router.holder.LocalRecords;
import io.larder.node.router.holder.PendingCommits;
import io.larder.node.service.Found;
import io.larder.node.store.BlockStore;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The way of a GET: hot tier, own device, and on a local miss the slot's owner and the holder that
 * it names. Every failure on the way is a miss. Concurrent reads of one key from a peer share one
 * fetch. Thread-safe.
 */
public final class Reads {
  private final Cluster cluster;
  private final HotTier hot;
  private final BlockStore store;
  private final PendingCommits pending;
  private final LocalRecords records;
  private final Timing timing;
  private final ReadMetrics metrics;
  private final ConcurrentHashMap<Key, Flight> flights = new ConcurrentHashMap<>();

  /** One fetch and the readers that wait for it. */
  private static final class Flight {
    private final List<CompletableFuture<@Nullable Found>> waiting = new ArrayList<>();
    private boolean landed;

    synchronized boolean join(CompletableFuture<@Nullable Found> reader) {
      if (landed) {
        return false;
      }
      waiting.add(reader);
      return true;
    }

    synchronized List<CompletableFuture<@Nullable Found>> land() {
      landed = true;
      return waiting;
    }
  }

  public Reads(
      Cluster cluster,
      HotTier hot,
      BlockStore store,
      PendingCommits pending,
      LocalRecords records,
      Timing timing,
      MeterRegistry registry) {
    this.cluster = cluster;
    this.hot = hot;
    this.store = store;
    this.pending = pending;
    this.records = records;
    this.timing = timing;
    this.metrics = new ReadMetrics(registry);
  }

  public CompletableFuture<@Nullable Found> get(Key key) {
    if (records.isHidden(key.ref())) {
      metrics.miss();
      return CompletableFuture.completedFuture(null);
    }
    Block block = hot.get(key, store.nowMs());
    if (block != null) {
      store.touch(key.fingerprint()); // else the device would take the record for unused
      metrics.hit(Found.Tier.HOT);
      return CompletableFuture.completedFuture(new Found(block, Found.Tier.HOT));
    }
    if (records.readable(key.ref()) == 0) {
      return remote(key);
    }
    return device(key)
        .thenCompose(found -> {
          if (found == null) {
            return remote(key);
          }
          metrics.hit(Found.Tier.DEVICE);
          return CompletableFuture.completedFuture(found);
        });
  }

  public CompletableFuture<@Nullable Found> getLocal(Key key) {
    if (records.isHidden(key.ref())) {
      return CompletableFuture.completedFuture(null);
    }
    Block block = hot.get(key, store.nowMs());
    if (block != null) {
      store.touch(key.fingerprint());
      return CompletableFuture.completedFuture(new Found(block, Found.Tier.HOT));
    }
    return held(key);
  }

  /** The block of this node; waits for a record whose commit is not answered yet. */
  private CompletableFuture<@Nullable Found> held(Key key) {
    // Before the store is read: a record is published before it stops pending.
    CompletableFuture<?> answered = pending.settled(key.ref());
    if (answered == null) {
      return device(key);
    }
    return timing
        .within(answered, timing.deadlines().lookupMs())
        .handle((_, _) -> true)
        .thenCompose(_ -> device(key));
  }

  private CompletableFuture<@Nullable Found> device(Key key) {
    int mark = hot.fillMark(key);
    return store.stream(key)
        .exceptionally(_ -> null) // the store has counted the failure; for the reader it is a miss
        .thenApply(block -> {
          if (block == null) {
            return null;
          }
          Payload payload = block.payload();
          if (!payload.watch(payload.chunkCount(), () -> keep(key, block, mark))) {
            keep(key, block, mark);
          }
          return new Found(block, Found.Tier.DEVICE);
        });
  }

  /** Called while the block is still held, by its reader or by the store that fills it. */
  private void keep(Key key, Block block, int mark) {
    if (!block.payload().isBroken()) {
      hot.put(key, block, false, mark);
    }
  }

  private CompletableFuture<@Nullable Found> remote(Key key) {
    CompletableFuture<@Nullable Found> reader = new CompletableFuture<>();
    for (; ; ) {
      Flight mine = new Flight();
      Flight flight = flights.computeIfAbsent(key, _ -> mine);
      if (flight.join(reader)) {
        if (flight == mine) {
          Futures.go(fetch(key, true).whenComplete((block, _) -> land(key, mine, block)));
        }
        return reader;
      }
    }
  }

  /** Gives every reader of a flight its own reference. */
  private void land(Key key, Flight flight, @Nullable Block block) {
    flights.remove(key, flight);
    for (CompletableFuture<@Nullable Found> reader : flight.land()) {
      if (block == null) {
        metrics.miss();
        reader.complete(null);
      } else {
        metrics.hit(Found.Tier.PEER);
        block.payload().retain();
        reader.complete(new Found(block, Found.Tier.PEER));
      }
    }
    if (block != null) {
      block.payload().release();
    }
  }

  /** The block from its holder; if the holder has lost it, the owner is asked once more. */
  private CompletableFuture<@Nullable Block> fetch(Key key, boolean again) {
    int mark = hot.fillMark(key);
    KeyRef ref = key.ref();
    return cluster
        .askOwner(key.slot(), new PeerRequest.Find(List.of(ref)), timing.deadlines().lookupMs())
        .thenCompose(answers -> {
          if (!(answers.getFirst() instanceof Lookup.Found found)) {
            return CompletableFuture.<@Nullable Block>completedFuture(null);
          }
          if (!cluster.isReachable(found.holder())) {
            return CompletableFuture.<@Nullable Block>completedFuture(null);
          }
          if (cluster.isSelf(found.holder())) {
            return held(key).thenApply(held -> held == null ? null : held.block());
          }
          return cluster
              .transport()
              .fetch(found.holder(), key, found.expiresAtMs())
              .thenCompose(block -> fetched(key, ref, found, block, mark, again));
        })
        .handle((block, failure) -> failure == null ? block : null); // a slow peer costs a miss
  }

  private CompletableFuture<@Nullable Block> fetched(
      Key key, KeyRef ref, Lookup.Found from, @Nullable Block block, int mark, boolean again) {
    if (block != null) {
      hot.put(key, block, true, mark);
      return CompletableFuture.completedFuture(block);
    }
    var gone = new PeerRequest.Gone(ref, from.holder(), from.stamp());
    return cluster
        .askOwner(key.slot(), gone, timing.deadlines().lookupMs())
        .handle((_, _) -> true)
        .thenCompose(_ -> again ? fetch(key, false) : CompletableFuture.completedFuture(null));
  }

  /** Pins a value where it is held, here or elsewhere, or ends its pin; false if it is nowhere. */
  public CompletableFuture<Boolean> pin(Key key, boolean on) {
    if (store.find(key.slot(), key.fingerprint()) != 0) {
      return store.pin(key.slot(), key.fingerprint(), on);
    }
    KeyRef ref = key.ref();
    return cluster
        .askOwner(key.slot(), new PeerRequest.Find(List.of(ref)), timing.deadlines().lookupMs())
        .thenCompose(answers ->
            switch (answers.getFirst()) {
              case Lookup.Found found ->
                  cluster.ask(
                      found.holder(), new PeerRequest.Pin(ref, on), timing.deadlines().pinMs());
              case Lookup.Absent _ -> CompletableFuture.completedFuture(false);
              case Lookup.Unknown _ ->
                  CompletableFuture.failedFuture(
                      new PeerException(
                          "the owner of slot "
                              + key.slot()
                              + " is still waiting for announcements"));
            });
  }

  /** For each key in order whether it has a value in the cluster. */
  public CompletableFuture<boolean[]> contains(List<Key> keys) {
    return places(keys)
        .thenApply(places -> {
          boolean[] there = new boolean[places.size()];
          for (int i = 0; i < there.length; i++) {
            there[i] = places.get(i) != null;
          }
          return there;
        });
  }

  /**
   * For each key where it can be read from here, or null. Local records come first, then one
   * question per owner; a key whose holder cannot be reached counts as absent, as for {@link #get}.
   */
  public CompletableFuture<List<@Nullable Place>> places(List<Key> keys) {
    @Nullable Place[] places = new Place[keys.size()];
    var questions = new OwnerGroups<KeyRef>(cluster);
    for (int i = 0; i < places.length; i++) {
      Key key = keys.get(i);
      if (records.isHidden(key.ref())) {
        continue;
      }
      long stamp = records.readable(key.ref());
      if (stamp != 0) {
        places[i] =
            new Place(
                cluster.self().nodeId(), stamp, store.expiryOf(key.slot(), key.fingerprint()));
      } else {
        questions.add(key.slot(), i, key.ref());
      }
    }
    List<CompletableFuture<?>> answers = new ArrayList<>();
    questions.forEach((owner, indices, refs) ->
        answers.add(
            cluster
                .ask(owner, new PeerRequest.Find(refs), timing.deadlines().lookupMs())
                .exceptionally(_ -> List.of())
                .thenAccept(lookups -> {
                  for (int i = 0; i < lookups.size(); i++) {
                    if (lookups.get(i) instanceof Lookup.Found found
                        && cluster.isReachable(found.holder())) {
                      places[indices.get(i)] =
                          new Place(found.holder().nodeId(), found.stamp(), found.expiresAtMs());
                    }
                  }
                })));
    return Futures.all(answers).thenApply(_ -> Arrays.asList(places));
  }

  /** The holder and the record of a key. */
  public record Place(String nodeId, long stamp, long expiresAtMs) {}
}
