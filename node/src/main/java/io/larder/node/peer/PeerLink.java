package io.larder.node.peer;

import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.MemoryPool;
import io.larder.node.block.Payload;
import io.larder.protocol.Command;
import io.larder.protocol.ConnectionOptions;
import io.larder.protocol.Reply;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoopGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One peer's connections, in lanes, since replies keep their order on a connection: what must be
 * quick never stands behind an announce, and neither stands behind a block. A peer that cannot be
 * reached is left alone for a while that doubles with each failure. Thread-safe.
 */
final class PeerLink {
  private static final int BLOCK_LANES = 4;

  /** The slowest transfer that is still waited for. */
  private static final long MIN_BYTES_PER_MS = 20_000;

  private final Lane quick;
  private final Lane slow;
  private final Lane moves;
  private final Lane[] blocks = new Lane[BLOCK_LANES];
  private final MemoryPool pool;
  private final long deadlineMs;

  PeerLink(
      EventLoopGroup group,
      String nodeId,
      PeerLinks.Address address,
      ConnectionOptions options,
      MemoryPool pool,
      long deadlineMs) {
    this.pool = pool;
    this.deadlineMs = deadlineMs;
    Breaker breaker = new Breaker(address);
    this.quick = new Lane(group, nodeId, address, options, breaker);
    this.slow = new Lane(group, nodeId, address, options, breaker);
    this.moves = new Lane(group, nodeId, address, options, breaker);
    for (int i = 0; i < BLOCK_LANES; i++) {
      blocks[i] = new Lane(group, nodeId, address, options, breaker);
    }
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
    Command command = Command.of(PeerWire.name(request)).arg(PeerWire.encode(request));
    return lane.connection()
        .thenCompose(connection -> connection.send(command, askDeadlineMs))
        .thenApply(reply ->
            switch (reply) {
              case Reply.Bulk bulk ->
                  PeerWire.decodeAnswer(request, bulk.bytes(), System.nanoTime());
              case Reply.Failure failure -> throw new PeerException(failure.message());
              default -> throw new PeerException("unexpected reply to " + command.name());
            });
  }

  /** Sends a put on; the payload's reference stays the caller's until the future is done. */
  CompletableFuture<Reply> put(Command put, Payload payload, long putDeadlineMs) {
    List<ByteBuf> chunks = new ArrayList<>(payload.chunkCount());
    for (int i = 0; i < payload.chunkCount(); i++) {
      chunks.add(Unpooled.wrappedBuffer(payload.chunk(i)));
    }
    return leastBusy()
        .connection()
        .thenCompose(connection -> connection.send(put.payload(chunks), putDeadlineMs));
  }

  private Lane leastBusy() {
    Lane lane = blocks[0];
    for (Lane other : blocks) {
      if (other.inFlight() < lane.inFlight()) {
        lane = other;
      }
    }
    return lane;
  }

  CompletableFuture<@Nullable Block> fetch(Key key, long expiresAtMs) {
    Lane lane = leastBusy();
    // Blocks ahead on the connection have their turn first.
    long firstByteMs = deadlineMs * (1 + lane.inFlight());
    FetchSink sink = new FetchSink(pool, expiresAtMs);
    CompletableFuture<@Nullable Block> result = new CompletableFuture<>();
    var _ =
        lane.connection()
            .thenCompose(connection ->
                connection.get(
                    Command.of("PEER.GET").arg(key.bytes()),
                    sink,
                    firstByteMs + io.larder.protocol.Limits.MAX_VALUE_BYTES / MIN_BYTES_PER_MS))
            .whenComplete((hit, failure) -> {
              Block block = sink.finish(failure == null && hit);
              if (failure != null) {
                result.completeExceptionally(failure);
              } else if (!result.complete(block) && block != null) {
                block.payload().release(); // the reader has gone on without it
              }
            });
    // A late first byte is a miss for the reader; the connection catches up or times out.
    var _ =
        sink.begun()
            .orTimeout(firstByteMs, TimeUnit.MILLISECONDS)
            .exceptionally(_ -> {
              result.completeExceptionally(
                  new PeerException("no answer from the peer within " + firstByteMs + " ms"));
              return null;
            });
    return result;
  }

  void close() {
    quick.close();
    slow.close();
    moves.close();
    for (Lane lane : blocks) {
      lane.close();
    }
  }
}
