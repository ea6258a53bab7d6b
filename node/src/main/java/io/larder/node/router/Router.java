package io.larder.node.router;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.larder.coordinator.registry.ClusterImage;
import io.larder.coordinator.registry.NodeRecord;
import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.Keyspace;
import io.larder.node.block.MemoryPool;
import io.larder.node.directory.Directory;
import io.larder.node.directory.Member;
import io.larder.node.directory.MemberTable;
import io.larder.node.directory.OpenPuts;
import io.larder.node.hot.HotTier;
import io.larder.node.peer.PeerRequest;
import io.larder.node.peer.PeerRequest.KeyRef;
import io.larder.node.peer.PeerTransport;
import io.larder.node.peer.PeerWire;
import io.larder.node.server.BlockService;
import io.larder.node.server.ClientId;
import io.larder.node.server.ClusterView;
import io.larder.node.server.CommitAnswer;
import io.larder.node.server.Found;
import io.larder.node.server.LeaseAnswer;
import io.larder.node.server.Location;
import io.larder.node.server.PutOptions;
import io.larder.node.server.ServiceException;
import io.larder.node.store.BlockStore;
import io.larder.node.store.StoreStats;
import io.larder.protocol.PutToken;
import io.larder.protocol.Reply;
import io.larder.protocol.Slots;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The node as its server sees it: brings together hot tier, store, directory and the other nodes.
 *
 * <p>Requests run on the threads that bring them; what ZooKeeper says and the directory's upkeep
 * run on one control thread. Thread-safe.
 */
public final class Router implements BlockService, AutoCloseable {
  private static final long TICK_MS = 50;
  private static final int TICKS_A_SECOND = (int) (1_000 / TICK_MS);
  private static final long COMPARE_MS = 30_000;
  private static final long DELETE_DEADLINE_MS =
      PeerService.DROP_DEADLINE_MS + PeerService.INVALIDATE_DEADLINE_MS + 500;

  private final Keyspace keyspace;
  private final MemoryPool pool;
  private final BlockStore store;
  private final HotTier hot;
  private final Cluster cluster;
  private final String clusterName;
  private final MemberTable members = new MemberTable();
  private final Directory directory;
  private final OpenPuts openPuts;
  private final Leases leases;
  private final Reads reads;
  private final Writes writes;
  private final Upkeep upkeep;
  private final Forwarding forwarding;
  private final Departures departures;
  private final Announcer announcer;
  private final PeerService peerService;
  private final ScheduledExecutorService control;
  private final LongSupplier nanoClock;
  private volatile ClusterView view;
  private int ticks;

  /**
   * @param nodeId this node, as its device names it
   * @param fence whether this node may act as owner now; asked in the moment of each act
   * @param timing its control thread and clock
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
      Timing timing,
      MeterRegistry registry) {
    this.clusterName = clusterName;
    this.keyspace = keyspace;
    this.pool = pool;
    this.store = store;
    this.hot = hot;
    this.control = timing.control();
    this.nanoClock = timing.nanoClock();
    RouterMetrics metrics = new RouterMetrics(registry);
    this.cluster = new Cluster(nodeId, transport);
    this.directory = new Directory(members, nanoClock, store::nowMs, fence);
    this.openPuts = new OpenPuts(nanoClock);
    this.leases = new Leases(cluster, openPuts, timing);
    PendingCommits pending = new PendingCommits();
    this.reads = new Reads(cluster, hot, store, pending, control, metrics);
    this.writes = new Writes(cluster, leases, openPuts, store, hot, timing, pending, metrics);
    this.forwarding = new Forwarding(cluster, store, metrics);
    this.departures = new Departures(cluster, store, nanoClock);
    Duplicates duplicates = new Duplicates(cluster, directory, metrics);
    this.announcer = new Announcer(cluster, directory, members, timing, duplicates);
    this.upkeep = new Upkeep(cluster, store, hot);
    this.peerService =
        new PeerService(
            cluster,
            directory,
            openPuts,
            leases,
            store,
            hot,
            pending,
            announcer,
            duplicates,
            new Arrivals(cluster, keyspace, openPuts, pending, store, control, metrics),
            timing);
    this.view = new ClusterView(clusterName, nodeId, 0, List.of(), List.of());
    cluster.answerLocallyBy(peerService::answer);
    pool.setEvictor(hot::evict);
    store.onEviction((slot, fingerprint, stamp, cause) -> upkeep.evicted(slot, fingerprint, stamp));
    registerGauges(registry);
    var _ = control.scheduleWithFixedDelay(this::tick, TICK_MS, TICK_MS, TimeUnit.MILLISECONDS);
    var _ =
        control.scheduleWithFixedDelay(
            upkeep::compare, COMPARE_MS, COMPARE_MS, TimeUnit.MILLISECONDS);
  }

  private void registerGauges(MeterRegistry registry) {
    Gauge.builder("larder.directory.entries", directory, d -> d.counts().entries())
        .description("Keys whose slot this node owns")
        .register(registry);
    Gauge.builder("larder.directory.leases.open", directory, d -> d.counts().openLeases())
        .description("Put-leases granted and not ended")
        .register(registry);
    Gauge.builder("larder.directory.slots.syncing", announcer, Announcer::syncingSlots)
        .description("Owned slots that wait for announcements")
        .register(registry);
    io.micrometer.core.instrument.FunctionCounter.builder(
            "larder.leases.granted", directory, d -> d.counts().grants())
        .register(registry);
    io.micrometer.core.instrument.FunctionCounter.builder(
            "larder.leases.waits", directory, d -> d.counts().waits())
        .register(registry);
    io.micrometer.core.instrument.FunctionCounter.builder(
            "larder.leases.expired", directory, d -> d.counts().expiries())
        .register(registry);
    Gauge.builder("larder.hot.bytes", hot, HotTier::weightBytes)
        .baseUnit("bytes")
        .description("Bytes the hot tier occupies")
        .register(registry);
    Gauge.builder("larder.hot.entries", hot, HotTier::entries).register(registry);
  }

  // ---- what ZooKeeper says ----

  /** The cluster changed. */
  public void onImage(ClusterImage image) {
    control.execute(() -> {
      cluster.setImage(image);
      view = view(image);
      members.setLive(cluster.live());
      announcer.membersChanged();
    });
  }

  /** A new session: this node is a new incarnation. */
  public void onSession(long incarnation) {
    cluster.setIncarnation(incarnation); // at once: others see it after this returns
  }

  /** This node holds the put-leases of these slots, since an epoch. */
  public void onClaimed(int[] slots, long epoch) {
    control.execute(() -> announcer.claimed(slots, epoch));
  }

  /** Done when nothing more is granted in these slots. */
  public CompletableFuture<?> onReleased(int[] slots) {
    return CompletableFuture.runAsync(() -> announcer.released(slots), control);
  }

  /** Done when nothing more is granted at all. */
  public CompletableFuture<?> onSessionLost() {
    return CompletableFuture.runAsync(announcer::releasedAll, control);
  }

  /** Owned slots that cannot be written to yet because announcements are missing. */
  public int syncingSlots() {
    return announcer.syncingSlots();
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
    openPuts.tick();
    announcer.tick();
    upkeep.flushForgets();
    if (++ticks % TICKS_A_SECOND == 0) {
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
        leases.handedOn(client, key, token);
      }
      return forwarding.begin(key, options);
    }
    return writes.begin(key, options, client);
  }

  @Override
  public CompletableFuture<boolean[]> contains(List<Key> keys) {
    return reads
        .places(keys)
        .thenApply(places -> {
          boolean[] there = new boolean[places.size()];
          for (int i = 0; i < there.length; i++) {
            there[i] = places.get(i) != null;
          }
          return there;
        });
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
  public CompletableFuture<Integer> delete(List<Key> keys) {
    List<CompletableFuture<?>> deletes = new ArrayList<>();
    int[] deleted = new int[keys.size()];
    for (int i = 0; i < deleted.length; i++) {
      int index = i;
      Key key = keys.get(i);
      KeyRef ref = new KeyRef(key.slot(), key.fingerprint());
      deletes.add(
          cluster
              .askOwner(key.slot(), new PeerRequest.Delete(ref), DELETE_DEADLINE_MS)
              .thenAccept(count -> deleted[index] = count));
    }
    return Futures.all(deletes)
        .handle((_, failure) -> {
          if (failure != null) {
            throw new ServiceException(
                "TRYAGAIN not every key could be deleted: " + Leases.reason(failure));
          }
          return java.util.Arrays.stream(deleted).sum();
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
    CompletableFuture<List<io.larder.node.directory.LeaseAnswer>> answers =
        keys.size() == 1
            ? leases.acquire(keys.getFirst(), client, ttlMs, waitMs, waitMs).thenApply(List::of)
            : leases.acquireAll(keys, ttlMs);
    return answers.thenApply(given -> {
      List<LeaseAnswer> out = new ArrayList<>(given.size());
      for (int i = 0; i < given.size(); i++) {
        out.add(
            switch (given.get(i)) {
              case io.larder.node.directory.LeaseAnswer.Granted granted -> {
                leases.heldByClient(client, keys.get(i), granted.token());
                yield new LeaseAnswer.Granted(granted.token());
              }
              case io.larder.node.directory.LeaseAnswer.Exists _ -> LeaseAnswer.EXISTS;
              case io.larder.node.directory.LeaseAnswer.Held _ -> LeaseAnswer.HELD;
              case io.larder.node.directory.LeaseAnswer.TryAgain tryAgain ->
                  new LeaseAnswer.TryAgain(tryAgain.reason());
            });
      }
      return out;
    });
  }

  @Override
  public CompletableFuture<CommitAnswer> commit(Key key, PutToken token) {
    KeyRef ref = new KeyRef(key.slot(), key.fingerprint());
    return cluster
        .askOwner(key.slot(), new PeerRequest.IsOpen(ref, token), Leases.ASK_DEADLINE_MS)
        .exceptionally(failure -> {
          throw new ServiceException("TRYAGAIN " + Leases.reason(failure));
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
  public CompletableFuture<List<@Nullable Location>> locate(List<Key> keys) {
    return reads
        .places(keys)
        .thenApply(places -> {
          List<@Nullable Location> locations = new ArrayList<>(places.size());
          for (Reads.Place place : places) {
            NodeRecord node = place == null ? null : cluster.image().nodes().get(place.nodeId());
            locations.add(
                place == null || node == null
                    ? null
                    : new Location(node.nodeId(), node.host(), node.port(), place.stamp()));
          }
          return locations;
        });
  }

  @Override
  public CompletableFuture<Boolean> pin(Key key, boolean on) {
    return reads
        .pin(key, on)
        .exceptionally(failure -> {
          throw new ServiceException("ERR not changed: " + Leases.reason(failure));
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
  public CompletableFuture<Reply> peer(String name, List<byte[]> arguments, ClientId client) {
    switch (name) {
      case "PEER.HOLDS" -> {
        return CompletableFuture.completedFuture(holds(arguments));
      }
      case "PEER.USAGE" -> {
        return CompletableFuture.completedFuture(usage());
      }
      case "PEER.MOVE" -> {
        return move(arguments);
      }
      default -> {}
    }
    if (arguments.size() != 1) {
      return CompletableFuture.failedFuture(
          new ServiceException("ERR " + name + " takes one argument"));
    }
    PeerRequest<?> request;
    try {
      request = PeerWire.decode(name, arguments.getFirst());
    } catch (IllegalArgumentException e) {
      return CompletableFuture.failedFuture(new ServiceException("ERR " + e.getMessage()));
    }
    return peerService
        .answer(request)
        .handle((answer, failure) -> {
          if (failure != null) {
            throw new ServiceException("TRYAGAIN " + Leases.reason(failure));
          }
          return new Reply.Bulk(PeerWire.encodeAnswer(request, answer, nanoClock.getAsLong()));
        });
  }

  /** For each key 1 if this node's own device holds it: what a check of copies asks every node. */
  private Reply holds(List<byte[]> keys) {
    List<Reply> answers = new ArrayList<>(keys.size());
    for (byte[] bytes : keys) {
      Key key = keyspace.key(bytes);
      answers.add(Reply.of(store.find(key.slot(), key.fingerprint()) != 0 ? 1 : 0));
    }
    return new Reply.Array(answers);
  }

  /** Records that are not expired, bytes in use and bytes there are. */
  private Reply usage() {
    StoreStats stats = store.stats();
    return Reply.array(
        Reply.of(departures.remaining()),
        Reply.of(stats.usedBytes()),
        Reply.of(stats.capacityBytes()));
  }

  /**
   * {@code PEER.MOVE target max-bytes from-slot}: gives records to another node; the answer is
   * records moved, bytes moved, records kept, the slot to go on with, and why the last one stays.
   */
  private CompletableFuture<Reply> move(List<byte[]> arguments) {
    Member target;
    long maxBytes;
    int fromSlot;
    try {
      String nodeId = new String(arguments.get(0), UTF_8);
      target = cluster.member(nodeId);
      maxBytes = Long.parseLong(new String(arguments.get(1), UTF_8));
      fromSlot = Integer.parseInt(new String(arguments.get(2), UTF_8));
      if (target == null || cluster.isSelf(target)) {
        return CompletableFuture.failedFuture(
            new ServiceException("ERR no other live node '" + nodeId + "' to move to"));
      }
      if (fromSlot < 0 || fromSlot >= Slots.COUNT) {
        throw new NumberFormatException("slot " + fromSlot);
      }
    } catch (NumberFormatException | IndexOutOfBoundsException e) {
      return CompletableFuture.failedFuture(
          new ServiceException("ERR PEER.MOVE takes target, max-bytes and from-slot", e));
    }
    return departures
        .move(target, maxBytes, fromSlot)
        .thenApply(batch ->
            Reply.array(
                Reply.of(batch.moved()),
                Reply.of(batch.movedBytes()),
                Reply.of(batch.kept()),
                Reply.of(batch.nextSlot()),
                Reply.bulk(batch.reason())));
  }

  @Override
  public void clientGone(ClientId client) {
    leases.clientGone(client);
  }

  /** Stops the upkeep; requests in flight end by their deadlines. */
  @Override
  public void close() {
    control.shutdownNow();
  }
}
