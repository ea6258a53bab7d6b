package io.larder.coordinator.controller;

import io.larder.coordinator.moves.Move;
import io.larder.coordinator.moves.Step;
import io.larder.coordinator.registry.ClusterImage;
import io.larder.coordinator.registry.ImageReader;
import io.larder.coordinator.registry.Paths;
import io.larder.protocol.ConnectionOptions;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import org.apache.curator.framework.CuratorFramework;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooKeeper;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out the move that is under way while this coordinator leads: one small batch after
 * another, its progress written to {@code /moves/<id>} by compare-and-set, so that another leader
 * continues it, and an operator's cancellation is seen at the next batch. Steps are idempotent, so
 * correctness does not depend on a single runner.
 *
 * <p>All state belongs to its thread.
 */
final class MoveRunner implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(MoveRunner.class);
  private static final long IDLE_MS = 500;
  private static final long RETRY_MS = 1_000;
  private static final int REMEMBERED = 20;
  private static final Duration CLOSE_WAIT = Duration.ofSeconds(5);

  private final CuratorFramework curator;
  private final Paths paths;
  private final BooleanSupplier leads;
  private final ImageReader images;
  private final MoveStore store;
  private final NodeQueries nodes;
  private final LongAdder movedBytes;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread thread;

  private @Nullable MoveWork work;

  private MoveRunner(
      CuratorFramework curator,
      Paths paths,
      ConnectionOptions connection,
      BooleanSupplier leads,
      LongAdder movedBytes) {
    this.curator = curator;
    this.paths = paths;
    this.leads = leads;
    this.images = new ImageReader(paths);
    this.store = new MoveStore(paths);
    this.nodes = new NodeQueries(connection);
    this.movedBytes = movedBytes;
    this.thread = Thread.ofPlatform().daemon().name("larder-moves").unstarted(this::run);
  }

  static MoveRunner start(
      CuratorFramework curator,
      Paths paths,
      ConnectionOptions connection,
      BooleanSupplier leads,
      LongAdder movedBytes) {
    MoveRunner runner = new MoveRunner(curator, paths, connection, leads, movedBytes);
    runner.thread.start();
    return runner;
  }

  private void run() {
    try {
      long waitMs = IDLE_MS;
      while (!closing.await(waitMs, TimeUnit.MILLISECONDS)) {
        waitMs = IDLE_MS;
        if (!leads.getAsBoolean()) {
          work = null;
          continue;
        }
        try {
          waitMs = turn(curator.getZookeeperClient().getZooKeeper());
        } catch (KeeperException e) {
          LOG.debug("ZooKeeper: {}", e.getMessage());
        } catch (InterruptedException e) {
          throw e;
        } catch (Exception e) {
          // Curator declares Exception; after any of them the next turn reads the move again.
          LOG.error("a move could not be continued", e);
        }
      }
    } catch (InterruptedException _) {
      LOG.debug("the moves' thread was interrupted");
    }
  }

  private long turn(ZooKeeper zooKeeper) throws KeeperException, InterruptedException {
    List<MoveStore.Stored> moves = store.read(zooKeeper);
    forgetOld(zooKeeper, moves);
    MoveStore.Stored running =
        moves.stream().filter(stored -> stored.move().isRunning()).findFirst().orElse(null);
    if (running == null) {
      return IDLE_MS;
    }
    Move move = running.move();
    MoveWork current = work;
    if (current == null || !current.moveId().equals(move.id())) {
      LOG.info("move {} is under way: {} steps", move.id(), move.steps().size());
      current = new MoveWork(move, paths, nodes, movedBytes);
      work = current;
    }
    long nowMs = System.currentTimeMillis();
    ClusterImage image = images.read(zooKeeper, false);
    Optional<String> end = endOfDrain(move, image);
    if (end.isPresent()) {
      LOG.info("move {} ends: {}", move.id(), end.get());
      write(zooKeeper, running, move.in(Move.State.CANCELLED, end.get(), nowMs));
      return IDLE_MS;
    }
    Step step = move.currentStep();
    if (step == null) {
      LOG.info("move {} is done: {} bytes of values", move.id(), move.bytesMoved());
      write(zooKeeper, running, move.in(Move.State.DONE, "", nowMs));
      return IDLE_MS;
    }
    try {
      MoveWork.Outcome outcome = current.batch(zooKeeper, step, image);
      if (!outcome.step().equals(step) || !outcome.message().equals(move.message())) {
        write(zooKeeper, running, move.withCurrentStep(outcome.step(), outcome.message(), nowMs));
      }
      return outcome.waitMs();
    } catch (IOException e) {
      current.forgetUsage();
      String message = String.valueOf(e.getMessage());
      if (!message.equals(move.message())) {
        LOG.warn("move {} is held up: {}", move.id(), message);
        write(zooKeeper, running, move.withCurrentStep(step, message, nowMs));
      }
      return RETRY_MS;
    }
  }

  /** The reason why a drain has no purpose any more; empty while it has one. */
  private static Optional<String> endOfDrain(Move move, ClusterImage image) {
    if (move.kind() != Move.Kind.DRAIN) {
      return Optional.empty();
    }
    if (!image.slots().draining().contains(move.node())) {
      return Optional.of("node " + move.node() + " takes records again");
    }
    // An operator who stops a node for a while cannot wait for it: others may wait for this to end.
    return move.isUntilReturn() && !image.nodes().containsKey(move.node())
        ? Optional.of("node " + move.node() + " has stopped")
        : Optional.empty();
  }

  // ---- /moves ----

  private void write(ZooKeeper zooKeeper, MoveStore.Stored stored, Move then)
      throws KeeperException, InterruptedException {
    try {
      zooKeeper.setData(paths.move(then.id()), then.encode(), stored.version());
    } catch (KeeperException.BadVersionException | KeeperException.NoNodeException _) {
      LOG.info("move {} was changed by another: reading it again", then.id());
    }
  }

  private void forgetOld(ZooKeeper zooKeeper, List<MoveStore.Stored> moves)
      throws KeeperException, InterruptedException {
    List<MoveStore.Stored> over =
        moves.stream().filter(stored -> !stored.move().isRunning()).toList();
    for (int i = 0; i < over.size() - REMEMBERED; i++) {
      try {
        zooKeeper.delete(paths.move(over.get(i).move().id()), over.get(i).version());
      } catch (KeeperException.BadVersionException | KeeperException.NoNodeException _) {
        LOG.debug("move {} was removed meanwhile", over.get(i).move().id());
      }
    }
  }

  @Override
  public void close() {
    closing.countDown();
    try {
      if (!thread.join(CLOSE_WAIT)) {
        thread.interrupt();
        thread.join(CLOSE_WAIT);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    nodes.close();
  }
}
