package io.larder.bench.leases;

import io.larder.bench.Figure;
import io.larder.bench.Figure.Better;
import io.larder.bench.Progress;
import io.larder.testkit.local.LocalCluster;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.zookeeper.KeeperException;

/** Measures every figure of put-leases on a fresh cluster of real processes. */
public final class LeaseBench {
  /** The keys in the cluster at the kill of a node. */
  public static final int DEFAULT_KEYS = 1_000_000;

  /** The rounds of short measurements; the medians count. */
  public static final int DEFAULT_ROUNDS = 3;

  private static final int MAX_ZNODE_PUTS = 60_000;

  private final LocalCluster cluster;
  private final int keys;
  private final int rounds;
  private final Progress progress;
  private final List<Figure> figures = new ArrayList<>();

  /**
   * @param cluster a new cluster with one ZooKeeper server; it has a node less afterwards
   * @param keys the number of keys at the kill of that node
   * @param rounds the rounds of repeated measurements
   */
  public LeaseBench(LocalCluster cluster, int keys, int rounds, Progress progress) {
    this.cluster = cluster;
    this.keys = keys;
    this.rounds = rounds;
    this.progress = progress;
  }

  /**
   * Measures; takes some minutes.
   *
   * @throws IOException if a measurement fails, or a call ends wrongly
   */
  public List<Figure> run() throws IOException, InterruptedException {
    try (ZooKeeperView zooKeeper = ZooKeeperView.connect(cluster.zooKeeperAddress())) {
      ZooKeeperView.Claims claims = zooKeeper.claims();
      figures.add(
          Figure.count(
              "slotsClaimedAtColdStart",
              claims.afterRegistrationMs(),
              "ms",
              3_000.0,
              Better.lower));
      figures.add(
          Figure.count(
              "slotsClaimedAfterAssignment", claims.afterAssignmentMs(), "ms", null, Better.lower));
      SlotOwners owners = SlotOwners.askedOf(cluster.nodes().getFirst());
      arbitration(owners);
      herd();
      traffic(zooKeeper);
      beside();
      figures.add(
          Figure.of(
              "directoryBytesPerKey", DirectoryMemory.bytesPerKey(), "B", 40.0, Better.lower));
      progress.say("kill -9 of a node with %,d keys in the cluster".formatted(keys));
      double again = new Succession(cluster).slotsServeAgainMs(owners);
      figures.add(
          Figure.of(
              "slotsServeAgainAfterSessionTimeout",
              again - LocalCluster.SESSION_TIMEOUT.toMillis(),
              "ms",
              2_000.0,
              Better.lower));
      return List.copyOf(figures);
    } catch (KeeperException e) {
      throw new IOException("ZooKeeper refused: " + e.getMessage(), e);
    }
  }

  private void arbitration(SlotOwners owners) throws IOException, InterruptedException {
    progress.say("leases: their latency, waking who waits, granting in batches");
    Arbitration arbitration = new Arbitration(cluster.nodes(), owners);
    List<Double> extra = new ArrayList<>();
    List<Double> wakes = new ArrayList<>();
    List<Double> grants = new ArrayList<>();
    for (int round = 0; round < rounds; round++) {
      extra.add(arbitration.extraPutMs());
      wakes.add(arbitration.wakeP99Ms());
      grants.add(arbitration.grantsPerSecond());
    }
    figures.add(Figure.median("putExtraForLeaseP50", extra, "ms", 0.3, Better.lower));
    figures.add(Figure.median("waiterWokenP99", wakes, "ms", 5.0, Better.lower));
    figures.add(
        Figure.median("leaseGrantsPerSecond", grants, "leases/s", 200_000.0, Better.higher));
  }

  private void herd() throws IOException, InterruptedException {
    progress.say(
        "herd: %d clients put the same %,d keys at once".formatted(Herd.CLIENTS, Herd.KEYS));
    Herd herd = Herd.run(cluster);
    figures.add(Figure.count("herdCopiesMax", herd.copiesMax(), "nodes", 1.0, Better.lower));
    figures.add(
        Figure.count("herdPutsStored", herd.stored(), "puts", (double) Herd.KEYS, Better.lower));
    figures.add(
        Figure.of(
            "herdDeviceBytesPerUniqueByte",
            herd.deviceBytesPerUniqueByte(),
            "1",
            1.05,
            Better.lower));
  }

  private void traffic(ZooKeeperView zooKeeper)
      throws IOException, InterruptedException, KeeperException {
    progress.say("putting and getting %,d keys".formatted(keys));
    Succession many = new Succession(cluster);
    long before = zooKeeper.writes();
    double puts = many.putsPerSecond(keys);
    long between = zooKeeper.writes();
    double gets = many.getsPerSecond(keys / 4);
    long after = zooKeeper.writes();
    figures.add(
        Figure.of(
            "zooKeeperWritesPerPut",
            (between - before) / (double) keys,
            "writes/put",
            0.0,
            Better.lower));
    figures.add(
        Figure.of(
            "zooKeeperWritesPerGet",
            (after - between) / (keys / 4.0),
            "writes/get",
            0.0,
            Better.lower));
    figures.add(Figure.of("putsPerSecond", puts, "puts/s", null, Better.higher));
    figures.add(Figure.of("getsPerSecond", gets, "gets/s", null, Better.higher));
  }

  private void beside() throws IOException, InterruptedException, KeeperException {
    int puts = Math.min(MAX_ZNODE_PUTS, keys);
    progress.say("for comparison: a znode per key, ZooKeeper's part of %,d puts".formatted(puts));
    List<Double> each = new ArrayList<>();
    for (int round = 0; round < rounds; round++) {
      each.add(ZnodePerKey.putsPerSecond(cluster.zooKeeperAddress(), puts));
    }
    figures.add(Figure.median("znodePerKeyPutsPerSecond", each, "puts/s", null, Better.higher));
  }
}
