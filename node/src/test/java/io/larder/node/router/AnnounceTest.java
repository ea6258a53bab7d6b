package io.larder.node.router;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.larder.coordinator.registry.ClusterImage;
import io.larder.coordinator.registry.NodeRecord;
import io.larder.coordinator.registry.SlotTable;
import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.Keyspace;
import io.larder.node.block.MemoryPool;
import io.larder.node.block.SlotSummary;
import io.larder.node.directory.Rules;
import io.larder.node.hot.HotTier;
import io.larder.node.peer.PeerLinks;
import io.larder.node.router.cluster.Timing;
import io.larder.node.server.RespServer;
import io.larder.node.server.ServerConfig;
import io.larder.node.service.Member;
import io.larder.node.store.BlockStore;
import io.larder.node.store.EntryVisitor;
import io.larder.node.store.EvictionListener;
import io.larder.node.store.StoreException;
import io.larder.node.store.StoreStats;
import io.larder.node.store.StoredRecord;
import io.larder.node.store.WrittenRecord;
import io.larder.protocol.PutToken;
import io.larder.protocol.Slots;
import io.larder.testing.Patience;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Nodes over real sockets: one claims every slot, another holds two million keys, or one. */
class AnnounceTest {
  private static final int KEYS_PER_SLOT = 123;
  private static final int KEYS = KEYS_PER_SLOT * Slots.COUNT;

  private static final Keyspace KEYSPACE = new Keyspace("c");

  private final MemoryPool pool = new MemoryPool(64L << 20, 0);
  private final Node holder = new Node("holder", 11, new ListedStore(KEYS_PER_SLOT));
  private final Node owner = new Node("owner", 12, new ListedStore(0));

  AnnounceTest() throws IOException {}

  private final class Node {
    final PeerLinks links;
    final Router router;
    final RespServer server;
    final NodeRecord record;

    Node(String nodeId, long incarnation, BlockStore store) throws IOException {
      links = new PeerLinks(pool, nodeId, null, null, 250);
      router =
          new Router(
              "c",
              nodeId,
              KEYSPACE,
              pool,
              store,
              new HotTier(0, System::nanoTime),
              links,
              () -> true,
              Rules.STANDARD,
              Timing.ofProcess(),
              new SimpleMeterRegistry());
      server = RespServer.start(ServerConfig.at("127.0.0.1", 0), router, new SimpleMeterRegistry());
      record = new NodeRecord(nodeId, incarnation, "127.0.0.1", server.port(), 0, "", 1, "", "");
      router.onSession(incarnation);
    }

    void learns(ClusterImage image, Map<Member, PeerLinks.Address> members) {
      links.setMembers(members);
      router.onImage(image);
    }

    void stop() {
      server.stop(1_000);
      links.close();
      router.close();
    }
  }

  @AfterEach
  void stop() {
    owner.stop();
    holder.stop();
    pool.close();
  }

  @Test
  void twoMillionKeysAreAnnouncedWhileLookupsGoOn() throws Exception {
    String[] owners = new String[Slots.COUNT];
    Arrays.fill(owners, "owner");
    ClusterImage image =
        new ClusterImage(
            SlotTable.of(owners, 1), Map.of("owner", owner.record, "holder", holder.record));
    Map<Member, PeerLinks.Address> members =
        Map.of(
            new Member("holder", 11), new PeerLinks.Address("127.0.0.1", holder.record.port()),
            new Member("owner", 12), new PeerLinks.Address("127.0.0.1", owner.record.port()));
    owner.learns(image, members);
    holder.learns(image, members);
    int batch = 2_048;
    long start = System.nanoTime();
    for (int from = 0; from < Slots.COUNT; from += batch) {
      owner.router.onClaimed(IntStream.range(from, from + batch).toArray(), 100 + from);
    }
    Patience.get(owner.router.onReleased(new int[0])); // after the claims, in order
    long slowestMs = 0;
    int lookups = 0;
    while (owner.router.syncingSlots() > 0) {
      assertThat(msSince(start))
          .as("%d slots wait", owner.router.syncingSlots())
          .isLessThan(Patience.limitMs());
      long asked = System.nanoTime();
      boolean[] there = Patience.get(holder.router.contains(List.of(key("absent-" + lookups++))));
      assertThat(there).containsExactly(false);
      slowestMs = Math.max(slowestMs, msSince(asked));
      Thread.sleep(5);
    }
    long tookMs = msSince(start);
    System.out.printf(
        "%,d keys announced in %,d ms; the slowest of %d lookups meanwhile took %d ms%n",
        KEYS, tookMs, lookups, slowestMs);
    assertThat(lookups).as("answered while slots were still being announced").isGreaterThan(5);
  }

  @Test
  void aDeleteVoidsWhatANodeThatIsBackHasNotAnnouncedYet() throws Exception {
    Key key = key("deleted while its holder was about to announce it");
    LateStore store = new LateStore(key);
    Node late = new Node("late", 13, store);
    try {
      String[] owners = new String[Slots.COUNT];
      Arrays.fill(owners, "owner");
      SlotTable slots = SlotTable.of(owners, 1);
      Map<Member, PeerLinks.Address> members =
          Map.of(
              new Member("late", 13), new PeerLinks.Address("127.0.0.1", late.record.port()),
              new Member("owner", 12), new PeerLinks.Address("127.0.0.1", owner.record.port()));
      owner.learns(new ClusterImage(slots, Map.of("owner", owner.record)), members);
      owner.router.onClaimed(new int[] {key.slot()}, 100);
      Patience.get(owner.router.onReleased(new int[0])); // after the claim, in order
      await().until(() -> owner.router.syncingSlots() == 0);

      ClusterImage both =
          new ClusterImage(slots, Map.of("owner", owner.record, "late", late.record));
      late.learns(both, members);
      owner.learns(both, members);
      Patience.await(store.asked);
      assertThat(Patience.get(owner.router.delete(List.of(key), 0))).isZero();
      store.answer.countDown();
      await().until(() -> store.deleted);
      assertThat(Patience.get(owner.router.contains(List.of(key)))).containsExactly(false);
    } finally {
      store.answer.countDown();
      late.stop();
    }
  }

  private static Key key(String name) {
    return KEYSPACE.key(name.getBytes(UTF_8));
  }

  private static long msSince(long startNanos) {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos);
  }

  /** Says that it holds so many keys in each slot, as a store's index does, without a device. */
  private static class ListedStore implements BlockStore {
    private final int keysPerSlot;

    ListedStore(int keysPerSlot) {
      this.keysPerSlot = keysPerSlot;
    }

    private static long fingerprint(int slot, int i) {
      return ((long) slot * KEYS_PER_SLOT + i + 1) * 0x9e3779b97f4a7c15L;
    }

    @Override
    public void forEach(int slot, EntryVisitor visitor) {
      for (int i = 0; i < keysPerSlot; i++) {
        visitor.visit(fingerprint(slot, i), i + 1, Block.NEVER);
      }
    }

    @Override
    public SlotSummary summary(int slot) {
      long xor = 0;
      for (int i = 0; i < keysPerSlot; i++) {
        xor ^= fingerprint(slot, i);
      }
      return new SlotSummary(keysPerSlot, xor);
    }

    @Override
    public long find(int slot, long fingerprint) {
      return 0; // of the keys that are looked up here it has none
    }

    @Override
    public int maxValueBytes() {
      return 1 << 20;
    }

    @Override
    public long nowMs() {
      return 1;
    }

    @Override
    public long expiryOf(int slot, long fingerprint) {
      return Block.NEVER;
    }

    @Override
    public CompletableFuture<WrittenRecord> write(Key key, Block block) {
      return CompletableFuture.failedFuture(new StoreException("only a list of keys"));
    }

    @Override
    public CompletableFuture<@Nullable Block> read(Key key) {
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public void touch(long fingerprint) {}

    @Override
    public CompletableFuture<@Nullable Block> stream(Key key) {
      return read(key);
    }

    @Override
    public CompletableFuture<@Nullable StoredRecord> describe(int slot, long fingerprint) {
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletableFuture<Boolean> delete(int slot, long fingerprint, long expectedStamp) {
      return CompletableFuture.completedFuture(false);
    }

    @Override
    public CompletableFuture<Boolean> pin(int slot, long fingerprint, boolean on) {
      return CompletableFuture.completedFuture(false);
    }

    @Override
    public void onEviction(EvictionListener newListener) {}

    @Override
    public StoreStats stats() {
      throw new UnsupportedOperationException("no figures of a list");
    }
  }

  /** Has one record, and takes its time to list it. */
  private static final class LateStore extends ListedStore {
    private static final long STAMP = 7;

    final CountDownLatch asked = new CountDownLatch(1);
    final CountDownLatch answer = new CountDownLatch(1);
    volatile boolean deleted;
    private final Key key;

    LateStore(Key key) {
      super(0);
      this.key = key;
    }

    @Override
    public void forEach(int slot, EntryVisitor visitor) {
      asked.countDown();
      try {
        Patience.await(answer);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      if (slot == key.slot() && !deleted) {
        visitor.visit(key.fingerprint(), STAMP, Block.NEVER);
      }
    }

    @Override
    public long find(int slot, long fingerprint) {
      return fingerprint == key.fingerprint() && !deleted ? STAMP : 0;
    }

    @Override
    public CompletableFuture<@Nullable StoredRecord> describe(int slot, long fingerprint) {
      return CompletableFuture.completedFuture(
          find(slot, fingerprint) == 0
              ? null
              : new StoredRecord(key.bytes(), new PutToken(1, 1), STAMP, Block.NEVER, 1, false));
    }

    @Override
    public CompletableFuture<Boolean> delete(int slot, long fingerprint, long expectedStamp) {
      deleted = true;
      return CompletableFuture.completedFuture(true);
    }
  }
}
