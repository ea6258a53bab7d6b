package io.larder.node.router.write;

import io.larder.node.block.Key;
import io.larder.node.block.Payload;
import io.larder.node.peer.PeerException;
import io.larder.node.router.cluster.Cluster;
import io.larder.node.router.cluster.Futures;
import io.larder.node.router.cluster.Timing;
import io.larder.node.router.holder.LocalRecords;
import io.larder.node.service.BlockService;
import io.larder.node.service.Member;
import io.larder.node.service.PutOptions;
import io.larder.node.service.PutOutcome;
import io.larder.node.service.Refusal;
import io.larder.node.service.ServiceException;
import io.larder.protocol.Command;
import io.larder.protocol.PutToken;
import io.larder.protocol.Reply;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Sends the puts of a draining node to another node, which carries them out, so that clients need
 * not know. Thread-safe.
 */
public final class Forwarding {
  private final Cluster cluster;
  private final LocalRecords records;
  private final PutMetrics metrics;
  private final Timing timing;
  private final AtomicInteger turn = new AtomicInteger();

  public Forwarding(Cluster cluster, LocalRecords records, PutMetrics metrics, Timing timing) {
    this.cluster = cluster;
    this.records = records;
    this.metrics = metrics;
    this.timing = timing;
  }

  public BlockService.PutHandle begin(Key key, PutOptions options) {
    return new BlockService.PutHandle() {
      @Override
      public CompletableFuture<PutOutcome> complete(Payload payload) {
        if (options.token() == null && records.readable(key.ref()) != 0) {
          metrics.put(PutOutcome.EXISTS, payload.length());
          payload.release();
          return CompletableFuture.completedFuture(PutOutcome.EXISTS);
        }
        return forward(key, options, payload);
      }

      @Override
      public void abandon() {
        // No lease was asked for yet; a token of the client ends with its connection.
      }
    };
  }

  private CompletableFuture<PutOutcome> forward(Key key, PutOptions options, Payload payload) {
    Member target = target(key.slot());
    if (target == null) {
      payload.release();
      return CompletableFuture.failedFuture(
          new ServiceException(
              Refusal.OVERLOADED,
              "TRYAGAIN this node is being drained and no other node can take the value"));
    }
    CompletableFuture<PutOutcome> put =
        cluster
            .transport()
            .put(
                target,
                command(key, options, payload),
                payload,
                timing.deadlines().forwardMs() + options.waitMs())
            .handle((reply, failure) -> {
              payload.release();
              return outcome(target, reply, failure);
            });
    return options.droppable() ? within(put, options.settleMs(), target) : put;
  }

  /** A late put may be stored or withdrawn there; a plain session gets neither answer. */
  private CompletableFuture<PutOutcome> within(
      CompletableFuture<PutOutcome> put, long ms, Member target) {
    return timing
        .within(put, ms)
        .exceptionallyCompose(failure ->
            CompletableFuture.failedFuture(
                failure instanceof PeerException
                    ? new ServiceException(
                        Refusal.UNSETTLED,
                        "TIMEOUT node " + target.nodeId() + " has not answered in time")
                    : failure));
  }

  private static PutOutcome outcome(
      Member target, @Nullable Reply reply, @Nullable Throwable failure) {
    return switch (reply) {
      case Reply.Simple simple -> PutOutcome.valueOf(simple.text());
      case Reply.Failure refusal ->
          throw new ServiceException(Refusal.UNSETTLED, refusal.message());
      case null, default ->
          throw new ServiceException(
              Refusal.UNSETTLED,
              "TIMEOUT node "
                  + target.nodeId()
                  + ", which takes the puts of this draining node, did not answer: "
                  + Futures.reason(failure));
    };
  }

  private static Command command(Key key, PutOptions options, Payload payload) {
    Command put = Command.of("KV.PUT").arg(key.bytes());
    if (options.metadata().length > 0) {
      put.arg("META").arg(options.metadata());
    }
    if (payload.chunkCount() > 0) {
      ByteBuffer crcs = ByteBuffer.allocate(4 * payload.chunkCount());
      for (int i = 0; i < payload.chunkCount(); i++) {
        crcs.putInt(payload.crc(i));
      }
      put.arg("CRC").arg(crcs.array());
    }
    if (options.expiresInMs() != PutOptions.NO_EXPIRY) {
      put.arg("PX").arg(options.expiresInMs());
    }
    PutToken token = options.token();
    if (token != null) {
      put.arg("TOKEN").arg(token.toString());
    }
    if (options.droppable()) {
      put.arg("WITHIN").arg(options.settleMs());
    }
    return put.arg("WAIT").arg(options.waitMs()).arg("VALUE");
  }

  /** The slot's owner, which saves a hop, or any other node that is not draining. */
  private @Nullable Member target(int slot) {
    Member owner = cluster.owner(slot);
    if (owner != null && takes(owner)) {
      return owner;
    }
    List<Member> others = cluster.live().stream().filter(this::takes).toList();
    return others.isEmpty()
        ? null
        : others.get(Math.floorMod(turn.getAndIncrement(), others.size()));
  }

  private boolean takes(Member member) {
    return !cluster.isSelf(member) && !cluster.isDraining(member.nodeId());
  }
}
