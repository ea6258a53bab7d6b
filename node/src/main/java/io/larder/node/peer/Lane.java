package io.larder.node.peer;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.larder.protocol.Command;
import io.larder.protocol.ConnectionOptions;
import io.larder.protocol.Reply;
import io.larder.protocol.RespConnection;
import io.netty.channel.EventLoopGroup;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One connection to a peer, made when first needed and again after it broke. Who answers at the
 * peer's address is asked first who it is: after restarts two nodes may have exchanged their
 * addresses, and one's answer in the other's name would break the promise of one holder.
 * Thread-safe.
 */
final class Lane {
  private static final long IDENTIFY_MS = 1_000;

  private final EventLoopGroup group;
  private final String nodeId;
  private final PeerLinks.Address address;
  private final ConnectionOptions options;
  private final Breaker breaker;
  private @Nullable CompletableFuture<RespConnection> current;
  private volatile long heardNanos = System.nanoTime();
  private boolean closed;

  Lane(
      EventLoopGroup group,
      String nodeId,
      PeerLinks.Address address,
      ConnectionOptions options,
      Breaker breaker) {
    this.group = group;
    this.nodeId = nodeId;
    this.address = address;
    this.options = options;
    this.breaker = breaker;
  }

  /** The open connection, or one being made; fails at once while the peer is left alone. */
  synchronized CompletableFuture<RespConnection> connection() {
    if (closed) {
      return CompletableFuture.failedFuture(new PeerException(address + " has left the cluster"));
    }
    CompletableFuture<RespConnection> known = current;
    if (known != null && isUsable(known)) {
      return known;
    }
    try {
      breaker.check();
    } catch (PeerException e) {
      return CompletableFuture.failedFuture(e);
    }
    CompletableFuture<RespConnection> made =
        RespConnection.connect(group.next(), address.host(), address.port(), options)
            .thenCompose(this::identified)
            .whenComplete((_, failure) -> {
              if (failure == null) {
                breaker.succeeded();
              } else {
                breaker.failed();
              }
            });
    current = made;
    return made;
  }

  private CompletableFuture<RespConnection> identified(RespConnection connection) {
    return connection
        .send(Command.of("CLUSTER").arg("MYID".getBytes(US_ASCII)), IDENTIFY_MS)
        .handle((reply, failure) -> {
          if (reply instanceof Reply.Bulk id && id.text().equals(nodeId)) {
            return connection;
          }
          connection.close();
          String found =
              switch (reply) {
                case Reply.Bulk id -> "node " + id.text() + " is there";
                case null -> "no answer who is there: " + failure.getMessage();
                default -> "no node is there";
              };
          throw new PeerException("looked for node " + nodeId + " at " + address + ": " + found);
        });
  }

  /** As {@link #connection()}, but fails when it takes longer than so many ms. */
  CompletableFuture<RespConnection> connection(long deadlineMs) {
    CompletableFuture<RespConnection> known = connection();
    if (known.isDone()) {
      return known;
    }
    CompletableFuture<RespConnection> bounded = known.copy();
    var late =
        group
            .next()
            .schedule(
                () ->
                    bounded.completeExceptionally(
                        new PeerException(
                            "no connection to " + address + " within " + deadlineMs + " ms")),
                deadlineMs,
                TimeUnit.MILLISECONDS);
    return bounded.whenComplete((_, _) -> late.cancel(false));
  }

  /** Notes that a request is sent: the peer's silence counts from the first that awaits it. */
  void sending() {
    if (inFlight() == 0) {
      heard();
    }
  }

  /** Notes that the peer has sent something of what was asked for. */
  void heard() {
    heardNanos = System.nanoTime();
  }

  /** For how long the peer has sent nothing of what was asked for, in ms. */
  long silentMs() {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - heardNanos);
  }

  /** Whether the last connection broke or could not be made, and no other is being made. */
  synchronized boolean isBroken() {
    return current != null && !isUsable(current);
  }

  /** Ends a connection over which nothing comes: all that awaits its replies there fails. */
  synchronized void giveUp() {
    breaker.failed();
    CompletableFuture<RespConnection> known = current;
    if (known != null) {
      var _ = known.thenAccept(RespConnection::close);
    }
  }

  /** Requests that await their replies here. */
  synchronized int inFlight() {
    CompletableFuture<RespConnection> known = current;
    if (known == null || !known.isDone() || known.isCompletedExceptionally()) {
      return 0;
    }
    return known.join().inFlight();
  }

  synchronized void close() {
    closed = true;
    CompletableFuture<RespConnection> known = current;
    if (known != null) {
      var _ = known.thenAccept(RespConnection::close);
    }
  }

  private static boolean isUsable(CompletableFuture<RespConnection> connection) {
    return !connection.isDone()
        || (!connection.isCompletedExceptionally() && connection.join().isOpen());
  }
}
