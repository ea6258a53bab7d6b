package io.larder.client;

import io.larder.protocol.ConnectionOptions;
import io.larder.protocol.RespClosedException;
import io.larder.protocol.RespConnection;
import io.netty.channel.EventLoopGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One role's connections to one node: made on demand, up to a bound. A node that fails counts as
 * down until a background connection, retried with backoff, succeeds; so no call waits for a dead
 * node twice. Thread-safe; no I/O under its lock.
 */
final class NodeLink {
  private static final long FIRST_BACKOFF_MS = 50;
  private static final long LAST_BACKOFF_MS = 2_000;

  private final String host;
  private final int port;
  private final EventLoopGroup group;
  private final ConnectionOptions options;
  private final int size;
  private final List<RespConnection> open = new ArrayList<>();
  private @Nullable CompletableFuture<RespConnection> connecting;
  private boolean down;
  private long backoffMs = FIRST_BACKOFF_MS;
  private boolean closed;

  NodeLink(String address, EventLoopGroup group, ConnectionOptions options, int size) {
    int colon = address.lastIndexOf(':');
    this.host = address.substring(0, colon);
    this.port = Integer.parseInt(address.substring(colon + 1));
    this.group = group;
    this.options = options;
    this.size = size;
  }

  /** Whether the node counts as up and is tried before those that are down. */
  synchronized boolean isUp() {
    return !down && !closed;
  }

  /** Returns the open connection with the fewest requests in flight, or a new one. */
  CompletableFuture<RespConnection> connection() {
    RespConnection best = null;
    CompletableFuture<RespConnection> attempt = null;
    boolean start = false;
    synchronized (this) {
      if (closed) {
        return CompletableFuture.failedFuture(
            new RespClosedException("the client is closed", null));
      }
      open.removeIf(connection -> !connection.isOpen());
      for (RespConnection connection : open) {
        if (best == null || connection.inFlight() < best.inFlight()) {
          best = connection;
        }
      }
      boolean wanted = best == null || (best.inFlight() > 0 && open.size() < size);
      if (wanted && connecting == null) {
        connecting = new CompletableFuture<>();
        start = true;
      }
      attempt = connecting;
    }
    if (start && attempt != null) {
      connect(attempt);
    }
    if (best != null) {
      return CompletableFuture.completedFuture(best);
    }
    return attempt == null
        ? CompletableFuture.failedFuture(new RespClosedException("no connection", null))
        : attempt;
  }

  /** Marks the node as down after a call without an answer. */
  void failed() {
    long delayMs;
    synchronized (this) {
      if (down || closed) {
        return;
      }
      down = true;
      delayMs = backoffMs;
      backoffMs = Math.min(LAST_BACKOFF_MS, backoffMs * 2);
    }
    probeAfter(delayMs);
  }

  void succeeded() {
    synchronized (this) {
      backoffMs = FIRST_BACKOFF_MS;
    }
  }

  void close() {
    List<RespConnection> all;
    synchronized (this) {
      closed = true;
      all = List.copyOf(open);
      open.clear();
    }
    all.forEach(RespConnection::close);
  }

  private void connect(CompletableFuture<RespConnection> attempt) {
    var unused =
        RespConnection.connect(group, host, port, options)
            .whenComplete((connection, error) -> {
              boolean tooLate;
              synchronized (this) {
                connecting = null;
                tooLate = closed;
                if (connection != null && !closed) {
                  open.add(connection);
                  down = false;
                }
              }
              if (connection == null) {
                attempt.completeExceptionally(error);
              } else if (tooLate) {
                connection.close();
                attempt.completeExceptionally(
                    new RespClosedException("the client is closed", null));
              } else {
                attempt.complete(connection);
              }
            });
  }

  private void probeAfter(long delayMs) {
    if (group.isShuttingDown()) {
      return;
    }
    var unused = group.next().schedule(this::probe, delayMs, TimeUnit.MILLISECONDS);
  }

  private void probe() {
    CompletableFuture<RespConnection> attempt;
    boolean start;
    synchronized (this) {
      if (closed || !down) {
        return;
      }
      CompletableFuture<RespConnection> current = connecting;
      start = current == null;
      attempt = current == null ? new CompletableFuture<>() : current;
      connecting = attempt;
    }
    var unused = attempt.whenComplete((connection, error) -> probed(error));
    if (start) {
      connect(attempt);
    }
  }

  private void probed(@Nullable Throwable error) {
    long delayMs;
    synchronized (this) {
      if (error == null || closed) {
        down = false;
        return;
      }
      delayMs = backoffMs;
      backoffMs = Math.min(LAST_BACKOFF_MS, backoffMs * 2);
    }
    probeAfter(delayMs);
  }
}
