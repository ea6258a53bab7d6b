package io.larder.node.server;

import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.Keyspace;
import io.larder.node.block.MemoryPool;
import io.larder.node.block.Payload;
import io.larder.node.service.BlockLocation;
import io.larder.node.service.BlockService;
import io.larder.node.service.ClientId;
import io.larder.node.service.ClusterView;
import io.larder.node.service.CommitAnswer;
import io.larder.node.service.Found;
import io.larder.node.service.LeaseAnswer;
import io.larder.node.service.Member;
import io.larder.node.service.NodeAccount;
import io.larder.node.service.PutOptions;
import io.larder.node.service.PutOutcome;
import io.larder.node.service.Refusal;
import io.larder.node.service.ServiceException;
import io.larder.protocol.PutToken;
import io.larder.protocol.Reply;
import io.larder.protocol.Slots;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** A node of one map, to test the protocol against. */
public final class MapBlockService implements BlockService {
  private final MemoryPool pool;
  private final Keyspace keyspace = new Keyspace("test");
  private final int maxValueBytes;
  private final Map<Key, Block> blocks = new ConcurrentHashMap<>();
  private final Map<Key, CompletableFuture<Void>> held = new ConcurrentHashMap<>();
  private final Map<Key, CompletableFuture<Void>> slow = new ConcurrentHashMap<>();
  private volatile @Nullable Refusal refusal;
  private final AtomicLong sequence = new AtomicLong();
  private final LongSupplier clockMs;
  final Set<ClientId> gone = ConcurrentHashMap.newKeySet();
  final AtomicInteger openPuts = new AtomicInteger();

  /** Of the last put and the last delete. */
  volatile @Nullable PutOptions putOptions;

  volatile long deleteRetryMs;

  public MapBlockService(MemoryPool pool, int maxValueBytes) {
    this(pool, maxValueBytes, System::currentTimeMillis);
  }

  MapBlockService(MemoryPool pool, int maxValueBytes, LongSupplier clockMs) {
    this.pool = pool;
    this.maxValueBytes = maxValueBytes;
    this.clockMs = clockMs;
  }

  /** Another client writes this key until the future completes. */
  CompletableFuture<Void> hold(String key) {
    CompletableFuture<Void> until = new CompletableFuture<>();
    held.put(keyspace.key(key.getBytes(StandardCharsets.UTF_8)), until);
    return until;
  }

  /** Reads of this key are answered when the future completes. */
  CompletableFuture<Void> slow(String key) {
    CompletableFuture<Void> until = new CompletableFuture<>();
    slow.put(keyspace.key(key.getBytes(StandardCharsets.UTF_8)), until);
    return until;
  }

  /** Every question about a key is refused for this reason; null ends that. */
  void refuse(@Nullable Refusal reason) {
    refusal = reason;
  }

  private <T extends @Nullable Object> @Nullable CompletableFuture<T> refused() {
    Refusal reason = refusal;
    return reason == null
        ? null
        : CompletableFuture.failedFuture(
            new ServiceException(reason, "TRYAGAIN refused on purpose: " + reason));
  }

  /** What a value's bytes lie in. */
  Payload payload(String key) {
    Block block = blocks.get(keyspace.key(key.getBytes(StandardCharsets.UTF_8)));
    return Objects.requireNonNull(block).payload();
  }

  /** Drops every value. */
  void clear() {
    blocks.keySet().forEach(this::remove);
  }

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
    return maxValueBytes;
  }

  @Override
  public CompletableFuture<@Nullable Found> get(Key key) {
    CompletableFuture<@Nullable Found> refused = refused();
    if (refused != null) {
      return refused;
    }
    CompletableFuture<Void> until = slow.get(key);
    return until == null
        ? CompletableFuture.completedFuture(find(key))
        : until.thenApplyAsync(_ -> find(key));
  }

  @Override
  public CompletableFuture<@Nullable Found> getLocal(Key key) {
    return get(key);
  }

  private @Nullable Found find(Key key) {
    Block block = live(key);
    return block != null && block.payload().tryRetain() ? new Found(block, Found.Tier.HOT) : null;
  }

  private @Nullable Block live(Key key) {
    Block block = blocks.get(key);
    return block == null || block.isExpired(clockMs.getAsLong()) ? null : block;
  }

  @Override
  public PutHandle beginPut(Key key, PutOptions options, ClientId client) {
    openPuts.incrementAndGet();
    putOptions = options;
    return new PutHandle() {
      @Override
      public CompletableFuture<PutOutcome> complete(Payload payload) {
        openPuts.decrementAndGet();
        CompletableFuture<PutOutcome> refused = refused();
        if (refused != null) {
          payload.release();
          return refused;
        }
        CompletableFuture<Void> writer = held.get(key);
        if (writer != null && !writer.isDone()) {
          return writer
              .copy()
              .orTimeout(Math.max(1, options.waitMs()), TimeUnit.MILLISECONDS)
              .handle((_, late) -> late == null ? store(payload) : drop(payload));
        }
        return CompletableFuture.completedFuture(store(payload));
      }

      private PutOutcome drop(Payload payload) {
        payload.release();
        return PutOutcome.HELD;
      }

      private PutOutcome store(Payload payload) {
        long expiresAtMs =
            options.expiresInMs() == PutOptions.NO_EXPIRY
                ? Block.NEVER
                : clockMs.getAsLong() + options.expiresInMs();
        PutToken id =
            options.token() == null ? new PutToken(1, sequence.incrementAndGet()) : options.token();
        Block block = new Block(id, options.metadata(), expiresAtMs, payload);
        if (live(key) == null) {
          remove(key);
        }
        if (blocks.putIfAbsent(key, block) == null) {
          return PutOutcome.STORED;
        }
        payload.release();
        return PutOutcome.EXISTS;
      }

      @Override
      public void abandon() {
        openPuts.decrementAndGet();
      }
    };
  }

  private boolean remove(Key key) {
    Block block = blocks.remove(key);
    if (block != null) {
      block.payload().release();
    }
    return block != null;
  }

  @Override
  public boolean isHere(Key key) {
    return refusal == null && live(key) != null;
  }

  @Override
  public CompletableFuture<boolean[]> contains(List<Key> keys) {
    CompletableFuture<boolean[]> refused = refused();
    if (refused != null) {
      return refused;
    }
    boolean[] found = new boolean[keys.size()];
    for (int i = 0; i < found.length; i++) {
      found[i] = live(keys.get(i)) != null;
    }
    return CompletableFuture.completedFuture(found);
  }

  @Override
  public CompletableFuture<Integer> prefix(List<Key> keys) {
    int length = 0;
    while (length < keys.size() && live(keys.get(length)) != null) {
      length++;
    }
    return CompletableFuture.completedFuture(length);
  }

  @Override
  public CompletableFuture<Integer> delete(List<Key> keys, long retryMs) {
    deleteRetryMs = retryMs;
    CompletableFuture<Integer> refused = refused();
    if (refused != null) {
      return refused;
    }
    int deleted = 0;
    for (Key key : keys) {
      deleted += remove(key) ? 1 : 0;
    }
    return CompletableFuture.completedFuture(deleted);
  }

  @Override
  public CompletableFuture<Long> ttlMs(Key key) {
    CompletableFuture<Long> refused = refused();
    if (refused != null) {
      return refused;
    }
    Block block = live(key);
    long ttlMs =
        block == null
            ? TTL_ABSENT
            : block.expiresAtMs() == Block.NEVER
                ? TTL_NONE
                : block.expiresAtMs() - clockMs.getAsLong();
    return CompletableFuture.completedFuture(ttlMs);
  }

  @Override
  public CompletableFuture<Integer> valueLength(Key key) {
    CompletableFuture<Integer> refused = refused();
    if (refused != null) {
      return refused;
    }
    Block block = live(key);
    return CompletableFuture.completedFuture(block == null ? 0 : block.payload().length());
  }

  @Override
  public CompletableFuture<List<LeaseAnswer>> lease(
      List<Key> keys, long waitMs, long ttlMs, ClientId client) {
    List<LeaseAnswer> answers = new ArrayList<>();
    for (Key key : keys) {
      answers.add(
          live(key) != null
              ? new LeaseAnswer.Exists(new Member("here", 1))
              : held.containsKey(key)
                  ? LeaseAnswer.HELD
                  : new LeaseAnswer.Granted(new PutToken(0x1a, sequence.incrementAndGet())));
    }
    return CompletableFuture.completedFuture(answers);
  }

  @Override
  public CompletableFuture<CommitAnswer> commit(Key key, PutToken token) {
    Block block = live(key);
    return CompletableFuture.completedFuture(
        block == null
            ? CommitAnswer.ABSENT
            : block.id().equals(token) ? CommitAnswer.STORED : CommitAnswer.EXISTS);
  }

  @Override
  public CompletableFuture<Boolean> abort(Key key, PutToken token) {
    return CompletableFuture.completedFuture(live(key) == null);
  }

  @Override
  public CompletableFuture<List<@Nullable BlockLocation>> locate(List<Key> keys) {
    List<@Nullable BlockLocation> locations = new ArrayList<>();
    for (Key key : keys) {
      locations.add(live(key) == null ? null : new BlockLocation("n1", "127.0.0.1", 7001, 0xbeef));
    }
    return CompletableFuture.completedFuture(locations);
  }

  @Override
  public CompletableFuture<Boolean> pin(Key key, boolean on) {
    return CompletableFuture.completedFuture(live(key) != null);
  }

  @Override
  public ClusterView cluster() {
    return new ClusterView(
        "test",
        "n1",
        7,
        List.of(
            new ClusterView.Member("n1", "127.0.0.1", 7001),
            new ClusterView.Member("n2", "127.0.0.2", 7002)),
        List.of(
            new ClusterView.SlotRange(0, 5000, "n1"),
            new ClusterView.SlotRange(5001, 9999, "n2"),
            new ClusterView.SlotRange(10000, Slots.COUNT - 1, "dead")));
  }

  @Override
  public long localKeyCount() {
    return blocks.size();
  }

  @Override
  public NodeAccount account() {
    return new NodeAccount(0x1f, 2, 1, 3, 5, 7, 11);
  }

  @Override
  public CompletableFuture<Reply> peer(String name, List<byte[]> arguments, ClientId client) {
    if (!name.equals("PEER.ECHO")) {
      throw new ServiceException("ERR unknown command '" + name + "'");
    }
    return CompletableFuture.completedFuture(
        new Reply.Array(arguments.stream().<Reply>map(Reply.Bulk::new).toList()));
  }

  @Override
  public void clientGone(ClientId client) {
    gone.add(client);
  }
}
