package io.larder.node.peer;

import io.larder.protocol.ConnectionOptions;
import io.larder.protocol.RespConnection;
import io.netty.channel.EventLoopGroup;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One connection to a peer, made when first needed and again after it broke. Thread-safe. */
final class Lane {
  private final EventLoopGroup group;
  private final PeerLinks.Address address;
  private final ConnectionOptions options;
  private final Breaker breaker;
  private @Nullable CompletableFuture<RespConnection> current;
  private boolean closed;

  Lane(
      EventLoopGroup group, PeerLinks.Address address, ConnectionOptions options, Breaker breaker) {
    this.group = group;
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
