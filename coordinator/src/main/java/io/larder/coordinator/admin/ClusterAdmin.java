package io.larder.coordinator.admin;

import io.larder.coordinator.controller.MoveStore;
import io.larder.coordinator.controller.NodeQueries;
import io.larder.coordinator.controller.NodeReport;
import io.larder.coordinator.moves.Move;
import io.larder.coordinator.moves.MovePlanner;
import io.larder.coordinator.moves.RefusedException;
import io.larder.coordinator.moves.Usage;
import io.larder.coordinator.registry.ClusterImage;
import io.larder.coordinator.registry.ImageReader;
import io.larder.coordinator.registry.NodeRecord;
import io.larder.coordinator.registry.Paths;
import io.larder.coordinator.registry.SlotTable;
import io.larder.coordinator.registry.SlotTableFormat;
import io.larder.coordinator.registry.ZooKeeperOptions;
import io.larder.protocol.ConnectionOptions;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.jspecify.annotations.Nullable;

/**
 * The operators' access to a cluster. It writes desired state only: the nodes to drain, and the
 * move under way; the leading coordinator carries it out. Every change is one transaction that
 * checks the slot table's version: of two operators with plans of one version, the second is
 * refused because his plan is stale. Not thread-safe.
 */
public final class ClusterAdmin implements AutoCloseable {
  private static final int CLOSE_WAIT_MS = 1_000;

  private final ZooKeeperOptions options;
  private final Paths paths;
  private final ImageReader images;
  private final MoveStore moves;
  private final NodeQueries nodes;
  private final ZooKeeper zooKeeper;

  private ClusterAdmin(ZooKeeperOptions options, ZooKeeper zooKeeper, ConnectionOptions nodes) {
    this.options = options;
    this.paths = new Paths(options.cluster());
    this.images = new ImageReader(paths);
    this.moves = new MoveStore(paths);
    this.nodes = new NodeQueries(nodes);
    this.zooKeeper = zooKeeper;
  }

  /**
   * Connects to the cluster's ZooKeeper.
   *
   * @param nodes the options of connections to nodes
   * @throws TimeoutException if it does not answer in time
   * @throws IOException if the cluster does not exist
   */
  public static ClusterAdmin connect(
      ZooKeeperOptions options, Duration timeout, ConnectionOptions nodes)
      throws IOException, InterruptedException, TimeoutException {
    CountDownLatch connected = new CountDownLatch(1);
    ZooKeeper zooKeeper =
        new ZooKeeper(
            options.connect(),
            options.sessionTimeoutMs(),
            event -> {
              if (event.getState() == KeeperState.SyncConnected) {
                connected.countDown();
              }
            });
    ClusterAdmin admin = new ClusterAdmin(options, zooKeeper, nodes);
    boolean there = false;
    try {
      if (!connected.await(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new TimeoutException(
            "no answer from ZooKeeper at %s within %d s"
                .formatted(options.connect(), timeout.toSeconds()));
      }
      admin.image();
      there = true;
      return admin;
    } finally {
      if (!there) {
        admin.close();
      }
    }
  }

  /** A call to ZooKeeper. */
  private interface Question<T> {
    T ask() throws KeeperException, InterruptedException;
  }

  private <T> T ask(Question<T> question) throws IOException, InterruptedException {
    try {
      return question.ask();
    } catch (KeeperException.NoNodeException e) {
      throw new IOException(
          "no cluster '%s' in this ZooKeeper (%s is missing): start a coordinator, or name the right --cluster"
              .formatted(options.cluster(), e.getPath()),
          e);
    } catch (KeeperException | IllegalArgumentException e) {
      throw new IOException(
          "ZooKeeper at %s: %s: look with `larder admin status` whether anything was changed"
              .formatted(options.connect(), e.getMessage()),
          e);
    }
  }

  /** The cluster's name. */
  public String cluster() {
    return options.cluster();
  }

  /** The cluster as it is now. */
  public ClusterImage image() throws IOException, InterruptedException {
    return ask(() -> images.read(zooKeeper, false));
  }

  /** All stored moves, the oldest first. */
  public List<Move> moves() throws IOException, InterruptedException {
    return ask(() -> moves.read(zooKeeper)).stream().map(MoveStore.Stored::move).toList();
  }

  /** The usage of each live node. */
  public NodeAnswers<Usage> usage(ClusterImage image) throws InterruptedException {
    return askEach(image.nodes().values(), nodes::usage);
  }

  /** The counts of each of these nodes. */
  public NodeAnswers<NodeReport> reports(List<NodeRecord> asked) throws InterruptedException {
    return askEach(asked, nodes::report);
  }

  /** Whether each live node has the key on its own device. */
  public NodeAnswers<Boolean> holders(byte[] key, ClusterImage image) throws InterruptedException {
    return askEach(image.nodes().values(), node -> nodes.holds(node, key));
  }

  /** A query of one node. */
  private interface NodeQuery<T> {
    T ask(NodeRecord node) throws IOException, InterruptedException;
  }

  private static <T> NodeAnswers<T> askEach(Collection<NodeRecord> asked, NodeQuery<T> query)
      throws InterruptedException {
    Map<String, T> answers = new TreeMap<>();
    List<String> problems = new ArrayList<>();
    for (NodeRecord node : asked) {
      try {
        answers.put(node.nodeId(), query.ask(node));
      } catch (IOException e) {
        problems.add("node " + node.nodeId() + ": " + e.getMessage());
      }
    }
    return new NodeAnswers<>(answers, problems);
  }

  /** The node that holds the key, according to the owner of the key's slot. */
  public Optional<String> locate(byte[] key, NodeRecord owner)
      throws IOException, InterruptedException {
    return nodes.locate(owner, key);
  }

  /**
   * Starts a planned move, and marks the node of a drain.
   *
   * @throws RefusedException if the plan is stale or of another cluster, or another move is under
   *     way
   */
  public void apply(Move plan) throws RefusedException, IOException, InterruptedException {
    if (!plan.cluster().equals(options.cluster())) {
      throw new RefusedException(
          "the plan is for cluster '%s', this is '%s': make a plan of this cluster"
              .formatted(plan.cluster(), options.cluster()));
    }
    if (plan.state() != Move.State.PLANNED) {
      throw new RefusedException("this is a move in state %s, not a plan".formatted(plan.state()));
    }
    ClusterImage image = image(); // read before the moves: see below
    SlotTable table = image.slots();
    requireFresh(plan, table.version());
    requireNothingUnderWay();
    SlotTable then = table;
    if (plan.kind() == Move.Kind.DRAIN) {
      NodeRecord node = image.nodes().get(plan.node());
      if (node == null) {
        throw new RefusedException(MovePlanner.unknown(plan.node(), image));
      }
      if (plan.isUntilReturn() && node.incarnation() != plan.drainedIncarnation()) {
        throw new RefusedException(
            "the plan is stale: node %s has been started anew since. Make a new one"
                .formatted(plan.node()));
      }
      then = table.withDrain(plan.node(), plan.drainedIncarnation());
    }
    Move running = plan.in(Move.State.RUNNING, "", System.currentTimeMillis());
    // The table is written even if it stays as it is: its new version makes every other plan stale,
    // so no two moves begin at once.
    List<Op> transaction =
        List.of(
            Op.setData(paths.slots(), SlotTableFormat.encode(then), table.version()),
            Op.create(
                paths.move(plan.id()),
                running.encode(),
                ZooDefs.Ids.OPEN_ACL_UNSAFE,
                CreateMode.PERSISTENT));
    try {
      zooKeeper.multi(transaction);
    } catch (KeeperException.BadVersionException _) {
      requireFresh(plan, -1);
    } catch (KeeperException.NodeExistsException _) {
      throw new RefusedException("the plan " + plan.id() + " was applied already");
    } catch (KeeperException e) {
      throw new IOException(
          "ZooKeeper: %s: look with `larder admin rebalance status` whether the move began"
              .formatted(e.getMessage()),
          e);
    }
  }

  private static void requireFresh(Move plan, int version) throws RefusedException {
    if (plan.slotsVersion() != version) {
      throw new RefusedException(
          "the plan is stale: it was made for version %d of the slot table%s. Make a new one"
              .formatted(
                  plan.slotsVersion(),
                  version < 0 ? ", which has just changed" : ", which is now " + version));
    }
  }

  private void requireNothingUnderWay() throws RefusedException, IOException, InterruptedException {
    for (Move move : moves()) {
      if (move.isRunning()) {
        throw new RefusedException(
            "move %s is under way: wait for it with `larder admin rebalance status --wait`, or cancel it with `larder admin rebalance cancel`"
                .formatted(move.id()));
      }
    }
  }

  /**
   * Stops the move under way after its present batch; a drained node takes records again.
   *
   * @return the cancelled move
   * @throws RefusedException if none is under way
   */
  public Move cancel() throws RefusedException, IOException, InterruptedException {
    while (true) {
      SlotTable table = image().slots();
      MoveStore.Stored running =
          ask(() -> moves.read(zooKeeper)).stream()
              .filter(stored -> stored.move().isRunning())
              .findFirst()
              .orElse(null);
      if (running == null) {
        throw new RefusedException("no move is under way");
      }
      if (cancel(table, running, running.move().node())) {
        return running.move();
      }
    }
  }

  /** Returns false if something changed meanwhile. */
  private boolean cancel(SlotTable table, MoveStore.Stored running, String node)
      throws IOException, InterruptedException {
    Move cancelled =
        running.move().in(Move.State.CANCELLED, "by an operator", System.currentTimeMillis());
    List<Op> transaction = new ArrayList<>();
    transaction.add(Op.setData(paths.move(cancelled.id()), cancelled.encode(), running.version()));
    if (table.draining().contains(node)) {
      SlotTable then = table.withoutDrain(node);
      transaction.add(Op.setData(paths.slots(), SlotTableFormat.encode(then), table.version()));
    }
    return change(transaction);
  }

  /**
   * Lets a drained node take records again, and cancels its drain if that is under way.
   *
   * @throws RefusedException if the node is not drained
   */
  public void undrain(String nodeId) throws RefusedException, IOException, InterruptedException {
    while (true) {
      ClusterImage image = image();
      SlotTable table = image.slots();
      if (!table.draining().contains(nodeId)) {
        throw new RefusedException(
            image.nodes().containsKey(nodeId)
                ? "node " + nodeId + " is not drained: nothing to undo"
                : MovePlanner.unknown(nodeId, image));
      }
      MoveStore.Stored drain =
          ask(() -> moves.read(zooKeeper)).stream()
              .filter(stored -> stored.move().isRunning() && stored.move().node().equals(nodeId))
              .findFirst()
              .orElse(null);
      SlotTable then = table.withoutDrain(nodeId);
      boolean done =
          drain != null
              ? cancel(table, drain, nodeId)
              : change(
                  List.of(
                      Op.setData(paths.slots(), SlotTableFormat.encode(then), table.version())));
      if (done) {
        return;
      }
    }
  }

  /**
   * Checks that a node can be removed now.
   *
   * @param lost whether its device is lost, with the blocks on it
   * @throws RefusedException if it is unknown, running, being drained, or neither drained nor lost
   */
  public void requireRemovable(String nodeId, boolean lost)
      throws RefusedException, IOException, InterruptedException {
    ClusterImage image = image();
    SlotTable table = image.slots();
    boolean known =
        table.draining().contains(nodeId)
            || table.counts().containsKey(nodeId)
            || image.nodes().containsKey(nodeId)
            || ask(() -> zooKeeper.exists(paths.heartbeat(nodeId), false)) != null;
    if (!known) {
      throw new RefusedException(
          "no node '%s' was ever here: the live nodes are %s"
              .formatted(nodeId, image.nodes().keySet()));
    }
    if (image.nodes().containsKey(nodeId)) {
      throw new RefusedException(
          "node %s is running: drain it with `larder admin node drain %s --yes`, stop it, then remove it"
              .formatted(nodeId, nodeId));
    }
    for (Move move : moves()) {
      if (move.isRunning() && move.node().equals(nodeId)) {
        throw new RefusedException(
            "node %s is being drained by move %s and is away: start it again, or cancel the move"
                .formatted(nodeId, move.id()));
      }
    }
    boolean drained =
        table.draining().contains(nodeId)
            && moves().stream()
                .anyMatch(move -> move.node().equals(nodeId) && move.state() == Move.State.DONE);
    if (!drained && !lost) {
      throw new RefusedException(
          "node %s was not drained, its blocks would be lost: start and drain it, or say --lost if its device is gone"
              .formatted(nodeId));
    }
  }

  /**
   * Removes a node: its drain, its slots and its heartbeat.
   *
   * @throws RefusedException as {@link #requireRemovable}
   */
  public void remove(String nodeId, boolean lost)
      throws RefusedException, IOException, InterruptedException {
    while (true) {
      SlotTable table = image().slots();
      requireRemovable(nodeId, lost);
      @Nullable String[] owners = table.toOwners();
      for (int slot : table.slotsOf(nodeId)) {
        owners[slot] = null; // the leading coordinator gives it to another
      }
      SlotTable then = table.withOwners(owners).withoutDrain(nodeId);
      List<Op> transaction = new ArrayList<>();
      transaction.add(Op.setData(paths.slots(), SlotTableFormat.encode(then), table.version()));
      if (ask(() -> zooKeeper.exists(paths.heartbeat(nodeId), false)) != null) {
        transaction.add(Op.delete(paths.heartbeat(nodeId), -1));
      }
      if (change(transaction)) {
        return;
      }
    }
  }

  /** Returns false if something changed meanwhile. */
  private boolean change(List<Op> transaction) throws IOException, InterruptedException {
    return ask(() -> {
      try {
        zooKeeper.multi(transaction);
        return true;
      } catch (KeeperException.BadVersionException _) {
        return false;
      }
    });
  }

  @Override
  public void close() throws InterruptedException {
    nodes.close();
    zooKeeper.close(CLOSE_WAIT_MS);
  }
}
