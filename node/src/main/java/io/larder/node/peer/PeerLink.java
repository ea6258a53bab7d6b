package io.larder.node.peer;

import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.MemoryPool;
import io.larder.node.block.Payload;
import io.larder.protocol.Command;
import io.larder.protocol.ConnectionOptions;
import io.larder.protocol.Limits;
import io.larder.protocol.Reply;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoopGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One peer's connections, in lanes, since replies keep their order on a connection: what must be
 * quick never stands behind an announce, and neither stands behind a block. A peer that cannot be
 * reached is left alone for a while that doubles with each failure. Thread-safe.
 */
final class PeerLink {
  private static final int BLOCK_LANES = 4;
  private static final int PUT_LANES = 2;

  /** The largest value over the slowest network that is still waited for, 20 MB/s. */
  private static final long SLOWEST_TRANSFER_MS = Limits.MAX_VALUE_BYTES / 20_000;

  /** Of a sign of life; long before it passes the peer is taken for unreachable. */
  private static final long PROBE_DEADLINE_MS = 10_000;

  /** A connection that is silent for so many first-byte deadlines is given up. */
  private static final int SILENCES = 4;

  private final EventLoopGroup group;
  private final Lane quick;
  private final Lane slow;
  private final Lane moves;
  private final Lane[] blocks = new Lane[BLOCK_LANES];
  private final Lane[] puts = new Lane[PUT_LANES];
  private final MemoryPool pool;
  private final long deadlineMs;
  private final Pulse pulse = new Pulse(PeerTransport.SILENCE_MS, System::nanoTime);
  private final AtomicBoolean probing = new AtomicBoolean();

  PeerLink(
      EventLoopGroup group,
      String nodeId,
      PeerLinks.Address address,
      ConnectionOptions options,
      MemoryPool pool,
      long deadlineMs) {
    this.group = group;
    this.pool = pool;
    this.deadlineMs = deadlineMs;
    Breaker breaker = new Breaker(address);
    this.quick = new Lane(group, nodeId, address, options, breaker);
    this.slow = new Lane(group, nodeId, address, options, breaker);
    this.moves = new Lane(group, nodeId, address, options, breaker);
    for (int i = 0; i < BLOCK_LANES; i++) {
      blocks[i] = new Lane(group, nodeId, address, options, breaker);
    }
    for (int i = 0; i < PUT_LANES; i++) {
      puts[i] = new Lane(group, nodeId, address, options, breaker);
    }
  }

  /** Asks for a sign of life, unless one is awaited; to be called a few times a second. */
  void probe() {
    if (!probing.compareAndSet(false, true)) {
      return;
    }
    pulse.awaited();
    var _ =
        quick
            .connection(PROBE_DEADLINE_MS)
            .thenCompose(connection -> connection.send(Command.of("PING"), PROBE_DEADLINE_MS))
            .whenComplete((_, failure) -> {
              if (failure == null) {
                pulse.answered();
              } else {
                pulse.broken();
              }
              probing.set(false);
            });
  }

  /** Whether the peer can be reached, as far as is known. */
  boolean isAlive() {
    return !quick.isBroken() && pulse.isAlive();
  }

  <A> CompletableFuture<A> ask(PeerRequest<A> request, long askDeadlineMs) {
    Lane lane =
        switch (request) {
          case PeerRequest.Announce _,
              PeerRequest.Compare _,
              PeerRequest.Delete _,
              PeerRequest.Drop _,
              PeerRequest.Forget _,
              PeerRequest.Gone _,
              PeerRequest.Pin _ ->
              slow;
          case PeerRequest.Take _, PeerRequest.Settle _ -> moves;
          default -> quick;
        };
    Command command =
        Command.of(PeerRequestWire.name(request)).arg(PeerRequestWire.encode(request));
    long start = System.nanoTime();
    return lane.connection(askDeadlineMs)
        .thenCompose(connection -> connection.send(command, left(start, askDeadlineMs)))
        .thenApply(reply -> {
          pulse.heard();
          return switch (reply) {
            case Reply.Bulk bulk -> PeerAnswerWire.decode(request, bulk.bytes(), System.nanoTime());
            case Reply.Failure failure -> throw new PeerException(failure.message());
            default -> throw new PeerException("unexpected reply to " + command.name());
          };
        });
  }

  /** Sends a put on; the payload's reference stays the caller's until the future is done. */
  CompletableFuture<Reply> put(Command put, Payload payload, long putDeadlineMs) {
    List<ByteBuf> chunks = new ArrayList<>(payload.chunkCount());
    for (int i = 0; i < payload.chunkCount(); i++) {
      chunks.add(Unpooled.wrappedBuffer(payload.chunk(i)));
    }
    long start = System.nanoTime();
    return leastBusy(puts)
        .connection(putDeadlineMs)
        .thenCompose(
            connection -> connection.send(put.payload(chunks), left(start, putDeadlineMs)));
  }

  private static long left(long startNanos, long ms) {
    return ms - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos);
  }

  private static Lane leastBusy(Lane[] lanes) {
    Lane lane = lanes[0];
    for (Lane other : lanes) {
      if (other.inFlight() < lane.inFlight()) {
        lane = other;
      }
    }
    return lane;
  }

  CompletableFuture<@Nullable Block> fetch(Key key, long expiresAtMs) {
    Lane lane = leastBusy(blocks);
    FetchSink sink =
        new FetchSink(
            pool,
            expiresAtMs,
            () -> {
              lane.heard();
              pulse.heard();
            });
    CompletableFuture<@Nullable Block> result = new CompletableFuture<>();
    lane.sending();
    var _ =
        lane.connection(deadlineMs)
            .thenCompose(connection ->
                connection.get(
                    Command.of("PEER.GET").arg(key.bytes()),
                    sink,
                    deadlineMs * (1 + connection.inFlight()) + SLOWEST_TRANSFER_MS))
            .whenComplete((hit, failure) -> {
              if (failure == null) {
                lane.heard();
              }
              Block block = sink.finish(failure == null && hit);
              if (failure != null) {
                result.completeExceptionally(failure);
              } else if (!result.complete(block) && block != null) {
                block.payload().release(); // the reader has gone on without it
              }
            });
    watch(lane, result);
    return result;
  }

  /**
   * Silence is a miss for the reader; while blocks ahead on the connection come, it has patience.
   * The connection may catch up; one that stays silent is given up.
   */
  private void watch(Lane lane, CompletableFuture<@Nullable Block> result) {
    var late =
        group
            .next()
            .schedule(
                () -> {
                  long silentMs = lane.silentMs();
                  if (silentMs < deadlineMs) {
                    watch(lane, result);
                    return;
                  }
                  result.completeExceptionally(
                      new PeerException("nothing came from the peer for " + silentMs + " ms"));
                  if (silentMs >= deadlineMs * SILENCES) {
                    lane.giveUp();
                  }
                },
                deadlineMs,
                TimeUnit.MILLISECONDS);
    var _ = result.whenComplete((_, _) -> late.cancel(false));
  }

  void close() {
    quick.close();
    slow.close();
    moves.close();
    for (Lane lane : blocks) {
      lane.close();
    }
    for (Lane lane : puts) {
      lane.close();
    }
  }
}
