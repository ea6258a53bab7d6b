package io.larder.client;

import io.larder.protocol.RespClosedException;
import io.larder.protocol.RespConnection;
import io.larder.protocol.RespErrorException;
import io.larder.protocol.RespTimeoutException;
import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Carries out calls: up to three attempts, each on another node and with a deadline of its own,
 * within the deadline of the whole call and the retry budget. Retries after a timeout or a lost
 * connection only; an error reply is final.
 */
final class Calls {
  private static final int MAX_ATTEMPTS = 3;

  /** Error kinds of calls that may succeed later. */
  private static final Set<String> TEMPORARY = Set.of("TRYAGAIN", "TIMEOUT");

  /** One attempt of a call. It must do nothing more once its future is complete. */
  interface Attempt<T> {
    CompletableFuture<T> on(RespConnection connection, long timeoutMs);
  }

  private final Nodes nodes;
  private final RetryBudget budget = new RetryBudget();
  private final InFlightLimit requests;
  private final InFlightLimit bytes;
  private final EventExecutor timer;
  private final ClientMetrics metrics;
  private final long attemptTimeoutMs;

  Calls(
      Nodes nodes,
      InFlightLimit requests,
      InFlightLimit bytes,
      EventExecutor timer,
      ClientMetrics metrics,
      long attemptTimeoutMs) {
    this.nodes = nodes;
    this.requests = requests;
    this.bytes = bytes;
    this.timer = timer;
    this.metrics = metrics;
    this.attemptTimeoutMs = attemptTimeoutMs;
  }

  /**
   * Runs a call with the usual deadline of an attempt.
   *
   * @return fails with {@link LarderException}, or with the attempt's own exception if the
   *     connection was not its cause
   */
  <T> CompletableFuture<T> run(Lane lane, long deadlineNanos, Attempt<T> attempt) {
    return run(lane, deadlineNanos, attemptTimeoutMs, 0, attempt);
  }

  /**
   * Runs a call with a deadline for each attempt, in ms, and with so many bytes to send. Reads and
   * writes both acquire a request's place before bytes, so that no two wait for each other.
   */
  <T> CompletableFuture<T> run(
      Lane lane, long deadlineNanos, long eachMs, long payloadBytes, Attempt<T> attempt) {
    budget.called();
    CompletableFuture<T> result = new CompletableFuture<>();
    Running<T> running = new Running<>(lane, deadlineNanos, eachMs, attempt, result);
    var unused =
        requests
            .acquire(1, deadlineNanos)
            .thenCompose(place -> {
              running.held.add(place);
              return payloadBytes == 0
                  ? CompletableFuture.completedFuture(place)
                  : bytes.acquire(payloadBytes, deadlineNanos);
            })
            .whenComplete((share, error) -> {
              if (share == null) {
                running.end(null, unwrap(error));
                return;
              }
              running.held.add(share);
              running.next(null);
            });
    return result;
  }

  long attemptTimeoutMs() {
    return attemptTimeoutMs;
  }

  static Throwable unwrap(Throwable error) {
    Throwable cause = error.getCause();
    return error instanceof CompletionException && cause != null ? cause : error;
  }

  private final class Running<T> {
    private final Lane lane;
    private final long deadlineNanos;
    private final long eachMs;
    private final Attempt<T> attempt;
    private final CompletableFuture<T> result;
    private final Set<String> tried = new HashSet<>();
    private final List<InFlightLimit.Permit> held = new ArrayList<>(2);

    Running(
        Lane lane,
        long deadlineNanos,
        long eachMs,
        Attempt<T> attempt,
        CompletableFuture<T> result) {
      this.lane = lane;
      this.deadlineNanos = deadlineNanos;
      this.eachMs = eachMs;
      this.attempt = attempt;
      this.result = result;
    }

    void next(@Nullable Throwable before) {
      try {
        tryNext(before);
      } catch (RuntimeException e) {
        // The client is being closed: its threads take no more work.
        end(null, unreachable(e));
      }
    }

    private void tryNext(@Nullable Throwable before) {
      long leftMs = TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime());
      List<String> candidates = Nodes.preferring(lane, nodes.inOrder(), tried);
      boolean first = tried.isEmpty();
      if (leftMs <= 0
          || candidates.isEmpty()
          || tried.size() == MAX_ATTEMPTS
          || (!first && !budget.tryRetry())) {
        end(null, unreachable(before));
        return;
      }
      if (!first) {
        metrics.retries.increment();
      }
      String address = candidates.get(0);
      tried.add(address);
      NodeLink link = lane.link(address);
      long attemptDeadline =
          System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(Math.min(leftMs, eachMs));
      var unused =
          connected(link, attemptDeadline)
              .thenCompose(connection ->
                  attempt.on(
                      connection,
                      TimeUnit.NANOSECONDS.toMillis(attemptDeadline - System.nanoTime())))
              .whenComplete((value, error) -> settle(link, value, error));
    }

    private void settle(NodeLink link, @Nullable T value, @Nullable Throwable error) {
      if (error == null) {
        link.succeeded();
        end(value, null);
        return;
      }
      Throwable cause = unwrap(error);
      if (cause instanceof RespClosedException || cause instanceof RespTimeoutException) {
        link.failed();
        nodes.refresh();
        next(cause);
      } else if (cause instanceof RespErrorException refusal) {
        end(null, refused(refusal));
      } else {
        end(null, cause);
      }
    }

    private void end(@Nullable T value, @Nullable Throwable error) {
      // Before the future completes, so that its dependent stages find the place free.
      held.forEach(InFlightLimit.Permit::release);
      if (error != null) {
        result.completeExceptionally(error);
      } else {
        @SuppressWarnings("NullAway") // an attempt's own value
        boolean unused = result.complete(value);
      }
    }

    private LarderException unreachable(@Nullable Throwable cause) {
      return new LarderException(
          "no node of "
              + nodes.inOrder()
              + " served the call in time"
              + (cause == null ? "" : ": " + cause.getMessage())
              + "; see whether a node runs there, or raise the client's deadlines",
          true,
          cause);
    }
  }

  /** A refusal is final: it is not retried here, whether it came at once or after a wait. */
  static LarderException refused(RespErrorException refusal) {
    return new LarderException(
        "the node refused: " + refusal.getMessage(), TEMPORARY.contains(refusal.kind()), refusal);
  }

  /** Connects, or fails at the deadline; the connection attempt itself goes on. */
  private CompletableFuture<RespConnection> connected(NodeLink link, long deadlineNanos) {
    CompletableFuture<RespConnection> connecting = link.connection();
    if (connecting.isDone()) {
      return connecting;
    }
    CompletableFuture<RespConnection> bounded = connecting.copy();
    var timeout =
        timer.schedule(
            () ->
                bounded.completeExceptionally(
                    new RespTimeoutException("a connection was not made within the deadline")),
            deadlineNanos - System.nanoTime(),
            TimeUnit.NANOSECONDS);
    return bounded.whenComplete((connection, error) -> timeout.cancel(false));
  }
}
