package io.larder.node.router;

import io.larder.coordinator.registry.ClusterImage;
import io.larder.coordinator.registry.NodeRecord;
import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.KeyRef;
import io.larder.node.block.Keyspace;
import io.larder.node.block.MemoryPool;
import io.larder.node.block.RecordRef;
import io.larder.node.directory.Deadlines;
import io.larder.node.directory.Directory;
import io.larder.node.directory.MemberTable;
import io.larder.node.directory.OpenPuts;
import io.larder.node.directory.Rules;
import io.larder.node.directory.VoidedPuts;
import io.larder.node.hot.HotTier;
import io.larder.node.peer.PeerRequest;
import io.larder.node.peer.PeerTransport;
import io.larder.node.router.announce.Announcer;
import io.larder.node.router.announce.AntiEntropy;
import io.larder.node.router.announce.Duplicates;
import io.larder.node.router.cluster.Cluster;
import io.larder.node.router.cluster.Futures;
import io.larder.node.router.cluster.Timing;
import io.larder.node.router.delete.DeleteCalls;
import io.larder.node.router.delete.OwnerDeletes;
import io.larder.node.router.holder.HolderAnswers;
import io.larder.node.router.holder.LocalRecords;
import io.larder.node.router.holder.PendingCommits;
import io.larder.node.router.holder.Withdrawals;
import io.larder.node.router.move.Arrivals;
import io.larder.node.router.move.Departures;
import io.larder.node.router.peer.OwnerAnswers;
import io.larder.node.router.peer.PeerAnswers;
import io.larder.node.router.peer.PeerCommands;
import io.larder.node.router.read.Reads;
import io.larder.node.router.write.Forwarding;
import io.larder.node.router.write.Leases;
import io.larder.node.router.write.PutContext;
import io.larder.node.router.write.PutMetrics;
import io.larder.node.router.write.Writes;
import io.larder.node.service.BlockLocation;
import io.larder.node.service.BlockService;
import io.larder.node.service.ClientId;
import io.larder.node.service.ClusterView;
import io.larder.node.service.CommitAnswer;
import io.larder.node.service.Found;
import io.larder.node.service.LeaseAnswer;
import io.larder.node.service.NodeAccount;
import io.larder.node.service.PutOptions;
import io.larder.node.service.Refusal;
import io.larder.node.service.ServiceException;
import io.larder.node.store.BlockStore;
import io.larder.node.store.EvictionListener;
import io.larder.protocol.PutToken;
import io.larder.protocol.Reply;
import io.larder.protocol.Slots;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The node as its server sees it: wires hot tier, store, directory and the other nodes together and
 * gives each request to the part that answers it.
 *
 * <p>Requests run on the threads that bring them; reports of ZooKeeper and the directory's upkeep
 * run on one control thread. Thread-safe.
 */
public final class Router implements BlockService, AutoCloseable {
  private static final int MS_PER_SECOND = 1_000;

  private final Keyspace keyspace;
  private final MemoryPool pool;
  private final BlockStore store;
  private final Timing timing;
  private final Cluster cluster;
  private final String clusterName;
  private final MemberTable members = new MemberTable();
  private final Directory directory;
  private final OpenPuts openPuts;
  private final Leases leases;
  private final LocalRecords records;
  private final Reads reads;
  private final Writes writes;
  private final VoidedPuts voided = new VoidedPuts();
  private final Withdrawals withdrawals;
  private final DeleteCalls deletes;
  private final AntiEntropy antiEntropy;
  private final Forwarding forwarding;
  private final Announcer announcer;
  private final PeerCommands peerCommands;
  private final LongAdder evicted = new LongAdder();
  private final LongAdder damaged = new LongAdder();
  private volatile ClusterView view;
  private int ticks;

  /**
   * @param nodeId this node, as its device names it
   * @param fence whether this node may act as owner now; called at each act
   * @param rules of the directory
   * @param timing its control thread, clock and durations
   */
  public Router(
      String clusterName,
      String nodeId,
      Keyspace keyspace,
      MemoryPool pool,
      BlockStore store,
      HotTier hot,
      PeerTransport transport,
      BooleanSupplier fence,
      Rules rules,
      Timing timing,
      MeterRegistry registry) {
    this.clusterName = clusterName;
    this.keyspace = keyspace;
    this.pool = pool;
    this.store = store;
    this.timing = timing;
    Deadlines deadlines = timing.deadlines();
    this.cluster = new Cluster(nodeId, transport, deadlines);
    this.directory =
        new Directory(members, voided, timing.nanoClock(), store::nowMs, fence, rules, deadlines);
    this.openPuts = new OpenPuts(timing.nanoClock(), rules);
    this.leases = new Leases(cluster, openPuts, timing);
    PendingCommits pending = new PendingCommits();
    this.antiEntropy = new AntiEntropy(cluster, store, hot);
    this.withdrawals = new Withdrawals(cluster);
    this.deletes = new DeleteCalls(cluster, withdrawals, store, timing);
    HolderAnswers holder = new HolderAnswers(openPuts, voided, store, hot, pending, timing);
    this.records = new LocalRecords(cluster, store, openPuts, withdrawals, holder);
    this.reads = new Reads(cluster, hot, store, pending, records, timing, registry);
    PutMetrics putMetrics = new PutMetrics(registry);
    this.writes =
        new Writes(
            new PutContext(
                cluster, leases, openPuts, store, hot, timing, pending, withdrawals, putMetrics),
            records);
    this.forwarding = new Forwarding(cluster, records, putMetrics, timing);
    Duplicates duplicates = new Duplicates(cluster, directory, registry);
    this.announcer = new Announcer(cluster, directory, members, timing, duplicates, voided);
    OwnerDeletes ownerDeletes = new OwnerDeletes(cluster, directory, voided, announcer, timing);
    PeerAnswers peerAnswers =
        new PeerAnswers(
            new OwnerAnswers(cluster, directory, announcer, duplicates, ownerDeletes, timing),
            holder,
            leases,
            new Arrivals(cluster, keyspace, openPuts, pending, store, timing, registry));
    this.peerCommands =
        new PeerCommands(
            cluster,
            keyspace,
            store,
            peerAnswers,
            new Departures(cluster, store, timing),
            timing.nanoClock());
    this.view = new ClusterView(clusterName, nodeId, 0, List.of(), List.of());
    cluster.answerLocallyBy(peerAnswers::answer);
    pool.setEvictor(hot::evict);
    store.onEviction((slot, fingerprint, stamp, cause) -> {
      (cause == EvictionListener.Cause.RECLAIMED ? evicted : damaged).increment();
      antiEntropy.evicted(new RecordRef(new KeyRef(slot, fingerprint), stamp));
    });
    RouterGauges.register(registry, directory, announcer, hot);
    RouterGauges.register(registry, voided, withdrawals);
    timing.every(deadlines.tickMs(), this::tick);
    timing.every(deadlines.comparePeriodMs(), antiEntropy::compare);
  }

  // ---- reports of ZooKeeper ----

  /** The cluster changed. */
  public void onImage(ClusterImage image) {
    timing
        .control()
        .execute(() -> {
          announcer.membersChange();
          cluster.setImage(image);
          view = view(image);
          members.setLive(cluster.live());
          announcer.membersChanged();
        });
  }

  /** A new session: this node is a new incarnation. */
  public void onSession(long incarnation) {
    cluster.setIncarnation(incarnation); // at once: other nodes see it after this call
  }

  /** This node holds the put-leases of these slots, since an epoch. */
  public void onClaimed(int[] slots, long epoch) {
    timing.control().execute(() -> announcer.claimed(slots, epoch));
  }

  /** Done when nothing more is granted in these slots. */
  public CompletableFuture<?> onReleased(int[] slots) {
    return CompletableFuture.runAsync(() -> announcer.released(slots), timing.control());
  }

  /** Done when nothing more is granted at all. */
  public CompletableFuture<?> onSessionLost() {
    return CompletableFuture.runAsync(announcer::releasedAll, timing.control());
  }

  /** Owned slots that cannot be written to yet because announcements are missing. */
  public int syncingSlots() {
    return announcer.syncingSlots();
  }

  /** Slots with a reachable owner to which this process has not announced its records. */
  public int unannouncedSlots() {
    int unannounced = 0;
    for (int slot = 0; slot < Slots.COUNT; slot++) {
      if (!openPuts.hasAnnounced(slot) && cluster.isOwnerReachable(slot)) {
        unannounced++;
      }
    }
    return unannounced;
  }

  private ClusterView view(ClusterImage image) {
    List<ClusterView.Member> nodes =
        image.nodes().values().stream()
            .map(node -> new ClusterView.Member(node.nodeId(), node.host(), node.port()))
            .toList();
    List<ClusterView.SlotRange> ranges =
        image.slots().ranges().stream()
            .map(range -> new ClusterView.SlotRange(range.from(), range.to(), range.nodeId()))
            .toList();
    return new ClusterView(
        clusterName, cluster.self().nodeId(), image.slots().version(), nodes, ranges);
  }

  private void tick() {
    directory.tick();
    announcer.tick();
    writes.tick();
    withdrawals.tick();
    antiEntropy.reportEvictions();
    if (++ticks % (MS_PER_SECOND / timing.deadlines().tickMs()) == 0) {
      openPuts.tick();
      leases.forgetEnded();
    }
  }

  // ---- BlockService ----

  @Override
  public MemoryPool pool() {
    return pool;
  }

  @Override
  public Keyspace keyspace() {
    return keyspace;
  }

  @Override
  public int maxValueBytes() {
    return store.maxValueBytes();
  }

  @Override
  public CompletableFuture<@Nullable Found> get(Key key) {
    return reads.get(key);
  }

  @Override
  public CompletableFuture<@Nullable Found> getLocal(Key key) {
    return reads.getLocal(key);
  }

  @Override
  public PutHandle beginPut(Key key, PutOptions options, ClientId client) {
    PutToken token = options.token();
    if (cluster.isDraining(cluster.self().nodeId())) {
      if (token != null) {
        leases.forwarded(client, key, token);
      }
      return forwarding.begin(key, options);
    }
    return writes.begin(key, options, client);
  }

  @Override
  public boolean isHere(Key key) {
    return records.readable(key.ref()) != 0;
  }

  @Override
  public CompletableFuture<boolean[]> contains(List<Key> keys) {
    return reads.contains(keys);
  }

  @Override
  public CompletableFuture<Integer> prefix(List<Key> keys) {
    return reads
        .places(keys)
        .thenApply(places -> {
          int gap = places.indexOf(null);
          return gap < 0 ? places.size() : gap;
        });
  }

  @Override
  public CompletableFuture<Integer> delete(List<Key> keys, long retryMs) {
    List<CompletableFuture<?>> calls = new ArrayList<>();
    int[] deleted = new int[keys.size()];
    for (int i = 0; i < deleted.length; i++) {
      int index = i;
      KeyRef key = keys.get(i).ref();
      CompletableFuture<Integer> one =
          retryMs > 0 ? deletes.repeatedly(key, retryMs) : deletes.once(key);
      calls.add(one.thenAccept(count -> deleted[index] = count));
    }
    return Futures.all(calls)
        .handle((_, failure) -> {
          if (failure != null) {
            Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
            if (cause instanceof ServiceException refused) {
              throw refused;
            }
            throw new ServiceException(
                Refusal.UNSETTLED,
                "TIMEOUT not every key could be deleted: " + Futures.reason(failure));
          }
          return Arrays.stream(deleted).sum();
        });
  }

  @Override
  public CompletableFuture<Long> ttlMs(Key key) {
    return reads
        .places(List.of(key))
        .thenApply(places -> {
          Reads.Place place = places.getFirst();
          if (place == null) {
            return TTL_ABSENT;
          }
          if (place.expiresAtMs() == Block.NEVER) {
            return TTL_NONE;
          }
          long left = place.expiresAtMs() - store.nowMs();
          return left > 0 ? left : TTL_ABSENT;
        });
  }

  @Override
  public CompletableFuture<Integer> valueLength(Key key) {
    return get(key)
        .thenApply(found -> {
          if (found == null) {
            return 0;
          }
          int length = found.block().payload().length();
          found.block().payload().release();
          return length;
        });
  }

  @Override
  public CompletableFuture<List<LeaseAnswer>> lease(
      List<Key> keys, long waitMs, long ttlMs, ClientId client) {
    return keys.size() == 1
        ? leases
            .acquire(keys.getFirst(), client, ttlMs, waitMs, waitMs)
            .result()
            .thenApply(answer -> List.of(answered(keys.getFirst(), answer, client)))
        : leases
            .acquireAll(keys, ttlMs)
            .thenApply(answers -> {
              List<LeaseAnswer> told = new ArrayList<>(answers.size());
              for (int i = 0; i < answers.size(); i++) {
                told.add(answered(keys.get(i), answers.get(i), client));
              }
              return told;
            });
  }

  /** A client's answer; from now on a grant is the client's. */
  private LeaseAnswer answered(Key key, LeaseAnswer answer, ClientId client) {
    if (answer instanceof LeaseAnswer.Granted granted) {
      leases.heldByClient(client, key, granted.token());
    }
    return answer;
  }

  @Override
  public CompletableFuture<CommitAnswer> commit(Key key, PutToken token) {
    KeyRef ref = key.ref();
    return cluster
        .askOwner(key.slot(), new PeerRequest.IsOpen(ref, token))
        .exceptionally(failure -> {
          throw new ServiceException(Refusal.OWNER_AWAY, "TRYAGAIN " + Futures.reason(failure));
        })
        .thenCompose(open ->
            open
                ? CompletableFuture.completedFuture(CommitAnswer.HELD)
                : get(key).thenApply(found -> settled(found, token)));
  }

  private static CommitAnswer settled(@Nullable Found found, PutToken token) {
    if (found == null) {
      return CommitAnswer.ABSENT;
    }
    found.block().payload().release();
    return found.block().id().equals(token) ? CommitAnswer.STORED : CommitAnswer.EXISTS;
  }

  @Override
  public CompletableFuture<Boolean> abort(Key key, PutToken token) {
    return leases.abort(key, token);
  }

  @Override
  public CompletableFuture<List<@Nullable BlockLocation>> locate(List<Key> keys) {
    return reads
        .places(keys)
        .thenApply(places -> {
          List<@Nullable BlockLocation> locations = new ArrayList<>(places.size());
          for (Reads.Place place : places) {
            NodeRecord node = place == null ? null : cluster.image().nodes().get(place.nodeId());
            locations.add(
                place == null || node == null
                    ? null
                    : new BlockLocation(node.nodeId(), node.host(), node.port(), place.stamp()));
          }
          return locations;
        });
  }

  @Override
  public CompletableFuture<Boolean> pin(Key key, boolean on) {
    return reads
        .pin(key, on)
        .exceptionally(failure -> {
          throw new ServiceException(
              Refusal.UNSETTLED, "ERR not changed: " + Futures.reason(failure));
        });
  }

  @Override
  public ClusterView cluster() {
    return view;
  }

  @Override
  public long localKeyCount() {
    return store.stats().entries();
  }

  @Override
  public NodeAccount account() {
    return new NodeAccount(
        cluster.self().incarnation(),
        evicted.sum(),
        damaged.sum(),
        announcer.syncingSlots(),
        voided.size(),
        voided.overflows(),
        withdrawals.size());
  }

  @Override
  public CompletableFuture<Reply> peer(String name, List<byte[]> arguments, ClientId client) {
    return peerCommands.answer(name, arguments);
  }

  @Override
  public void clientGone(ClientId client) {
    leases.clientGone(client);
  }

  /** Stops the upkeep; requests in flight end by their deadlines. */
  @Override
  public void close() {
    timing.control().shutdownNow();
  }
}
