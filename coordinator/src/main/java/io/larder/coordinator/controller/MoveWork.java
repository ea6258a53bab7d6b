package io.larder.coordinator.controller;

import io.github.bucket4j.Bandwidth;
import io.github.bucket4j.Bucket;
import io.larder.coordinator.moves.Move;
import io.larder.coordinator.moves.MovePlanner;
import io.larder.coordinator.moves.Step;
import io.larder.coordinator.moves.Usage;
import io.larder.coordinator.registry.ClusterImage;
import io.larder.coordinator.registry.Heartbeat;
import io.larder.coordinator.registry.NodeRecord;
import io.larder.coordinator.registry.Paths;
import io.larder.coordinator.registry.SlotTable;
import io.larder.coordinator.registry.SlotTableFormat;
import java.io.IOException;
import java.time.Duration;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooKeeper;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The work on one move, a batch of a step at a time. Its state between batches serves speed only
 * and may be lost at any moment, because batches are idempotent. Not thread-safe.
 */
final class MoveWork {
  private static final Logger LOG = LoggerFactory.getLogger(MoveWork.class);
  private static final long IDLE_MS = 500;
  private static final long CLAIM_POLL_MS = 100;
  private static final long CLAIM_WAIT_NS = TimeUnit.SECONDS.toNanos(15);
  private static final long USAGE_AGE_NS = TimeUnit.SECONDS.toNanos(3);

  /** A node counts as empty after two empty readings this far apart: puts may be under way. */
  private static final long EMPTY_NS = TimeUnit.SECONDS.toNanos(2);

  private static final long MIN_BATCH_BYTES = 1 << 20;
  private static final long MAX_BATCH_BYTES = 32 << 20;

  private final String moveId;
  private final Paths paths;
  private final NodeQueries nodes;
  private final LongAdder movedBytes;
  private final long batchBytes;
  private final @Nullable Bucket bucket;

  private int nextSlot;
  private boolean empty;
  private long emptySinceNs;
  private boolean awaitsClaims;
  private long claimsSinceNs;
  private final Map<String, Usage> usage = new HashMap<>();
  private long usageReadNs;

  /**
   * The outcome of a batch.
   *
   * @param step the step after the batch
   * @param message the obstacle; empty if there is none
   * @param waitMs the time until the next batch
   */
  record Outcome(Step step, String message, long waitMs) {}

  MoveWork(Move move, Paths paths, NodeQueries nodes, LongAdder movedBytes) {
    this.moveId = move.id();
    this.paths = paths;
    this.nodes = nodes;
    this.movedBytes = movedBytes;
    long rate = move.throttleBytesPerSecond();
    this.batchBytes =
        rate <= 0 ? MAX_BATCH_BYTES : Math.clamp(rate / 4, MIN_BATCH_BYTES, MAX_BATCH_BYTES);
    this.bucket =
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

  String moveId() {
    return moveId;
  }

  /** Drops the cached state of the nodes, which may be stale. */
  void forgetUsage() {
    usage.clear();
    usageReadNs = 0;
  }

  /**
   * Does one batch of a step.
   *
   * @throws IOException if a node fails; the message names the node and the remedy
   */
  Outcome batch(ZooKeeper zooKeeper, Step step, ClusterImage image)
      throws KeeperException, IOException, InterruptedException {
    if (step.kind() == Step.Kind.SLOTS) {
      return slots(zooKeeper, step, image);
    }
    NodeRecord source = image.nodes().get(step.from());
    if (source == null) {
      return new Outcome(
          step, "node %s is away: start it, or cancel this move".formatted(step.from()), IDLE_MS);
    }
    return step.bytes() == Step.ALL ? drain(step, source, image) : relieve(step, source, image);
  }

  // ---- slots ----

  private Outcome slots(ZooKeeper zooKeeper, Step step, ClusterImage image)
      throws KeeperException, InterruptedException {
    SlotTable table = image.slots();
    if (!image.nodes().containsKey(step.to()) || table.draining().contains(step.to())) {
      LOG.info("{} can no longer take slots: the step is skipped", step.to());
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
        zooKeeper.setData(paths.slots(), SlotTableFormat.encode(then), table.version());
        LOG.info("{} slots go from {} to {}", changes, step.from(), step.to());
      } catch (KeeperException.BadVersionException _) {
        return new Outcome(step, "", 0); // changed meanwhile: the next batch reads it again
      }
      awaitsClaims = true;
      claimsSinceNs = System.nanoTime();
      return new Outcome(step, "", CLAIM_POLL_MS);
    }
    // The next slots move after these are claimed, so that few slots at a time answer TRYAGAIN.
    boolean waited = awaitsClaims && System.nanoTime() - claimsSinceNs > CLAIM_WAIT_NS;
    if (!waited && claimed(zooKeeper, image, step.to()) < table.slotsOf(step.to()).length) {
      if (!awaitsClaims) {
        awaitsClaims = true;
        claimsSinceNs = System.nanoTime();
      }
      return new Outcome(step, "", CLAIM_POLL_MS);
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

  /** Moves all values off a node to the nodes with most room, which may evict. */
  private Outcome drain(Step step, NodeRecord source, ClusterImage image)
      throws IOException, InterruptedException {
    if (nodes.usage(source).records() == 0) {
      return whenEmpty(step, image);
    }
    empty = false;
    NodeRecord target = leastFull(source, image);
    if (target == null) {
      throw new IOException(
          "no other node has room for what node %s holds: add one".formatted(source.nodeId()));
    }
    return give(step, source, target, batchBytes);
  }

  /** Moves so many bytes off an over-full node, while others are less full. */
  private Outcome relieve(Step step, NodeRecord source, ClusterImage image)
      throws IOException, InterruptedException {
    if (step.movedBytes() >= step.bytes()) {
      return new Outcome(step.done(), "", 0);
    }
    Usage own = nodes.usage(source);
    NodeRecord target = leastFull(source, image);
    Usage room = target == null ? null : usage.get(target.nodeId());
    if (target == null || room == null || room.fill() >= Math.min(own.fill(), MovePlanner.FULL)) {
      // If all nodes are full, evicting is better than moving.
      LOG.info("no node is less full than {} any more: the step ends", source.nodeId());
      return new Outcome(step.done(), "", 0);
    }
    return give(step, source, target, Math.min(batchBytes, step.bytes() - step.movedBytes()));
  }

  private Outcome give(Step step, NodeRecord source, NodeRecord target, long maxBytes)
      throws IOException, InterruptedException {
    NodeQueries.Batch batch = nodes.move(source, target.nodeId(), maxBytes, nextSlot);
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
    if (bucket != null && batch.movedBytes() > 0) {
      // Charged afterwards, because only the node knows a record's length.
      long debtNanos = bucket.consumeIgnoringRateLimits(batch.movedBytes());
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

  /** The other node that accepts records and has most room in proportion to its size. */
  private @Nullable NodeRecord leastFull(NodeRecord source, ClusterImage image)
      throws InterruptedException {
    long now = System.nanoTime();
    if (usageReadNs == 0 || now - usageReadNs > USAGE_AGE_NS) {
      usage.clear();
      for (NodeRecord node : image.nodes().values()) {
        if (!node.nodeId().equals(source.nodeId())
            && !image.slots().draining().contains(node.nodeId())) {
          try {
            usage.put(node.nodeId(), nodes.usage(node));
          } catch (IOException e) {
            LOG.debug("{} is no target: {}", node.nodeId(), e.getMessage());
          }
        }
      }
      usageReadNs = now;
    }
    NodeRecord best = null;
    double lowest = Double.POSITIVE_INFINITY;
    for (Map.Entry<String, Usage> each : usage.entrySet()) {
      NodeRecord node = image.nodes().get(each.getKey());
      if (node != null && each.getValue().fill() < lowest) {
        best = node;
        lowest = each.getValue().fill();
      }
    }
    return best;
  }
}
