package io.larder.coordinator.controller;

import io.github.bucket4j.Bandwidth;
import io.github.bucket4j.Bucket;
import io.larder.client.NodeConsoles;
import io.larder.coordinator.moves.Move;
import io.larder.coordinator.moves.MovePlanner;
import io.larder.coordinator.moves.Step;
import io.larder.coordinator.moves.Usage;
import io.larder.coordinator.registry.ClusterImage;
import io.larder.coordinator.registry.Heartbeat;
import io.larder.coordinator.registry.ImageReader;
import io.larder.coordinator.registry.NodeRecord;
import io.larder.coordinator.registry.Paths;
import io.larder.coordinator.registry.SlotTable;
import io.larder.coordinator.registry.SlotTableFormat;
import java.io.IOException;
import java.time.Duration;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
 * goes on where this one was, and an operator's cancellation is seen at the next batch. Every step
 * may be repeated: what is done already is not done again. Nothing rests on being the only one.
 *
 * <p>All state belongs to its thread.
 */
final class MoveRunner implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(MoveRunner.class);
  private static final long IDLE_MS = 500;
  private static final long CLAIM_WAIT_NS = TimeUnit.SECONDS.toNanos(15);
  private static final long USAGE_AGE_NS = TimeUnit.SECONDS.toNanos(3);

  /** A node counts as empty when it was found so twice, this long apart: puts may be under way. */
  private static final long EMPTY_NS = TimeUnit.SECONDS.toNanos(2);

  private static final long MIN_BATCH_BYTES = 1 << 20;
  private static final long MAX_BATCH_BYTES = 32 << 20;
  private static final int REMEMBERED = 20;
  private static final Duration CLOSE_WAIT = Duration.ofSeconds(5);

  private final CuratorFramework curator;
  private final Paths paths;
  private final BooleanSupplier leads;
  private final ImageReader images;
  private final MoveStore store;
  private final NodeConsoles consoles;
  private final LongAdder movedBytes;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread thread;

  // Of the move under way; forgotten with the leadership.
  private String id = "";
  private @Nullable Bucket bucket;
  private int nextSlot;
  private long emptySinceNs;
  private boolean empty;
  private long claimsSinceNs;
  private boolean awaitsClaims;
  private final Map<String, Usage> usage = new HashMap<>();
  private long usageReadNs;

  private MoveRunner(
      CuratorFramework curator,
      Paths paths,
      @Nullable String password,
      BooleanSupplier leads,
      LongAdder movedBytes) {
    this.curator = curator;
    this.paths = paths;
    this.leads = leads;
    this.images = new ImageReader(paths);
    this.store = new MoveStore(paths);
    this.consoles = new NodeConsoles(password);
    this.movedBytes = movedBytes;
    this.thread = Thread.ofPlatform().daemon().name("larder-moves").unstarted(this::run);
  }

  static MoveRunner start(
      CuratorFramework curator,
      Paths paths,
      @Nullable String password,
      BooleanSupplier leads,
      LongAdder movedBytes) {
    MoveRunner runner = new MoveRunner(curator, paths, password, leads, movedBytes);
    runner.thread.start();
    return runner;
  }

  private void run() {
    try {
      long waitMs = IDLE_MS;
      while (!closing.await(waitMs, TimeUnit.MILLISECONDS)) {
        waitMs = IDLE_MS;
        if (!leads.getAsBoolean()) {
          id = "";
          continue;
        }
        try {
          waitMs = turn(curator.getZookeeperClient().getZooKeeper());
        } catch (KeeperException e) {
          log.debug("ZooKeeper: {}", e.getMessage());
        } catch (InterruptedException e) {
          throw e;
        } catch (Exception e) {
          // Curator declares Exception; whatever it is, the next turn starts from what is there.
          log.error("a move could not be carried on", e);
        }
      }
    } catch (InterruptedException _) {
      log.debug("the moves' thread was interrupted");
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
    if (!move.id().equals(id)) {
      log.info("move {} is under way: {} steps", move.id(), move.steps().size());
      begin(move);
    }
    long nowMs = System.currentTimeMillis();
    Step step = move.currentStep();
    if (step == null) {
      write(zooKeeper, running, move.in(Move.State.DONE, "", nowMs));
      log.info("move {} is done: {} bytes of values", move.id(), move.bytesMoved());
      return IDLE_MS;
    }
    ClusterImage image = images.read(zooKeeper, false);
    try {
      Outcome outcome =
          step.kind() == Step.Kind.SLOTS
              ? slots(zooKeeper, step, image)
              : values(move, step, image);
      Move after = move.withCurrentStep(outcome.step(), outcome.message(), nowMs);
      if (!outcome.step().equals(step) || !outcome.message().equals(move.message())) {
        write(zooKeeper, running, after);
      }
      return outcome.waitMs();
    } catch (IOException e) {
      usageReadNs = 0;
      usage.clear();
      String message = String.valueOf(e.getMessage());
      if (!message.equals(move.message())) {
        log.warn("move {} is held up: {}", move.id(), message);
        write(zooKeeper, running, move.withCurrentStep(step, message, nowMs));
      }
      return 1_000;
    }
  }

  /** What a turn came to. */
  private record Outcome(Step step, String message, long waitMs) {}

  private void begin(Move move) {
    id = move.id();
    nextSlot = 0;
    empty = false;
    awaitsClaims = false;
    usage.clear();
    usageReadNs = 0;
    long rate = move.throttleBytesPerSecond();
    bucket =
        rate <= 0
            ? null
            : Bucket.builder()
                .addLimit(
                    Bandwidth.builder()
                        .capacity(Math.max(rate, MIN_BATCH_BYTES))
                        .refillGreedy(rate, Duration.ofSeconds(1))
                        .initialTokens(0)
                        .build())
                .build();
  }

  // ---- slots ----

  private Outcome slots(ZooKeeper zooKeeper, Step step, ClusterImage image)
      throws KeeperException, InterruptedException {
    SlotTable table = image.slots();
    if (!image.nodes().containsKey(step.to()) || table.draining().contains(step.to())) {
      log.info("{} is not there to take slots any more: that step is left out", step.to());
      return new Outcome(step.done(), "", 0);
    }
    @Nullable String[] owners = table.toOwners();
    BitSet slots = step.slotSet();
    int changes = 0;
    for (int slot = slots.nextSetBit(0); slot >= 0; slot = slots.nextSetBit(slot + 1)) {
      if (step.from().equals(owners[slot])) {
        owners[slot] = step.to();
        changes++;
      }
    }
    if (changes > 0) {
      SlotTable then = table.withOwners(owners);
      try {
        var _ = zooKeeper.setData(paths.slots(), SlotTableFormat.encode(then), table.version());
        log.info("{} slots go from {} to {}", changes, step.from(), step.to());
      } catch (KeeperException.BadVersionException _) {
        return new Outcome(step, "", 0); // changed meanwhile: read again
      }
      awaitsClaims = true;
      claimsSinceNs = System.nanoTime();
      return new Outcome(step, "", IDLE_MS);
    }
    // Not the next ones before these are claimed: few slots at a time answer TRYAGAIN.
    boolean waited = awaitsClaims && System.nanoTime() - claimsSinceNs > CLAIM_WAIT_NS;
    if (!waited && claimed(zooKeeper, image, step.to()) < table.slotsOf(step.to()).length) {
      if (!awaitsClaims) {
        awaitsClaims = true;
        claimsSinceNs = System.nanoTime();
      }
      return new Outcome(step, "", IDLE_MS);
    }
    awaitsClaims = false;
    return new Outcome(step.done(), "", 0);
  }

  private int claimed(ZooKeeper zooKeeper, ClusterImage image, String nodeId)
      throws KeeperException, InterruptedException {
    NodeRecord node = image.nodes().get(nodeId);
    Heartbeat heartbeat = Heartbeat.decode(zooKeeper.getData(paths.heartbeat(nodeId), false, null));
    return node != null && heartbeat.incarnation() == node.incarnation() ? heartbeat.claimed() : 0;
  }

  // ---- values ----

  private Outcome values(Move move, Step step, ClusterImage image)
      throws IOException, InterruptedException {
    NodeRecord source = image.nodes().get(step.from());
    if (source == null) {
      return new Outcome(
          step, "node %s is away: start it, or cancel this move".formatted(step.from()), IDLE_MS);
    }
    if (step.bytes() == Step.ALL) {
      long left = NodeUsage.of(consoles, source).records();
      if (left == 0) {
        return whenEmpty(step, image);
      }
      empty = false;
    } else if (step.movedBytes() >= step.bytes()) {
      return new Outcome(step.done(), "", 0);
    }
    NodeRecord target = target(move, step, image);
    long rate = move.throttleBytesPerSecond();
    long batchBytes =
        rate <= 0 ? MAX_BATCH_BYTES : Math.clamp(rate / 4, MIN_BATCH_BYTES, MAX_BATCH_BYTES);
    NodeUsage.Batch batch = NodeUsage.move(consoles, source, target.nodeId(), batchBytes, nextSlot);
    nextSlot = batch.nextSlot();
    movedBytes.add(batch.movedBytes());
    usage.computeIfPresent(
        target.nodeId(),
        (_, u) ->
            new Usage(
                u.records() + batch.moved(),
                u.usedBytes() + batch.movedBytes(),
                u.capacityBytes()));
    String message =
        batch.kept() == 0
            ? ""
            : "%d records stay for now: %s".formatted(batch.kept(), batch.reason());
    long waitMs = batch.moved() == 0 ? IDLE_MS : 0;
    Bucket throttle = bucket;
    if (throttle != null && batch.movedBytes() > 0) {
      // Paid for afterwards, since a record's length is known to its node only.
      long debtNanos = throttle.consumeIgnoringRateLimits(batch.movedBytes());
      waitMs = Math.max(waitMs, TimeUnit.NANOSECONDS.toMillis(debtNanos));
    }
    return new Outcome(step.moved(batch.moved(), batch.movedBytes()), message, waitMs);
  }

  private Outcome whenEmpty(Step step, ClusterImage image) {
    int slots = image.slots().slotsOf(step.from()).length;
    if (slots > 0) {
      return new Outcome(step, slots + " slots of it still wait for another owner", IDLE_MS);
    }
    long now = System.nanoTime();
    if (!empty) {
      empty = true;
      emptySinceNs = now;
    }
    return now - emptySinceNs < EMPTY_NS
        ? new Outcome(step, "", IDLE_MS)
        : new Outcome(step.done(), "", 0);
  }

  /** The node with most room, in proportion to its size. */
  private NodeRecord target(Move move, Step step, ClusterImage image)
      throws IOException, InterruptedException {
    long now = System.nanoTime();
    if (usageReadNs == 0 || now - usageReadNs > USAGE_AGE_NS) {
      usage.clear();
      for (NodeRecord node : image.nodes().values()) {
        if (!node.nodeId().equals(step.from())
            && !image.slots().draining().contains(node.nodeId())) {
          try {
            usage.put(node.nodeId(), NodeUsage.of(consoles, node));
          } catch (IOException e) {
            log.debug("{} gets nothing: {}", node.nodeId(), e.getMessage());
          }
        }
      }
      usageReadNs = now;
    }
    NodeRecord best = null;
    double lowest = move.kind() == Move.Kind.DRAIN ? Double.POSITIVE_INFINITY : MovePlanner.FULL;
    for (Map.Entry<String, Usage> each : usage.entrySet()) {
      NodeRecord node = image.nodes().get(each.getKey());
      if (node != null && each.getValue().fill() < lowest) {
        best = node;
        lowest = each.getValue().fill();
      }
    }
    if (best == null) {
      throw new IOException(
          "no other node has room for what node %s holds: add one".formatted(step.from()));
    }
    return best;
  }

  // ---- /moves ----

  private void write(ZooKeeper zooKeeper, MoveStore.Stored stored, Move then)
      throws KeeperException, InterruptedException {
    try {
      var _ = zooKeeper.setData(paths.move(then.id()), then.encode(), stored.version());
    } catch (KeeperException.BadVersionException | KeeperException.NoNodeException _) {
      log.info("move {} was changed by another: reading it again", then.id());
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
        log.debug("move {} went meanwhile", over.get(i).move().id());
      }
    }
  }

  @Override
  public void close() {
    closing.countDown();
    try {
      if (!thread.join(CLOSE_WAIT)) {
        thread.interrupt();
        var _ = thread.join(CLOSE_WAIT);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    consoles.close();
  }
}
