package io.larder.node.server.command;

import io.larder.node.server.command.Answer.Now;
import io.larder.node.service.Refusal;
import io.larder.node.service.ServiceException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns an exception into an error reply and its cause. Programming errors are logged, at most one
 * a second. Thread-safe.
 */
public final class Failures {
  private static final Logger LOG = LoggerFactory.getLogger(Failures.class);
  private static final long LOG_INTERVAL_NANOS = 1_000_000_000;

  private final AtomicLong lastLogged = new AtomicLong(System.nanoTime() - LOG_INTERVAL_NANOS);

  /** The answer for a future that has failed. */
  public Now answer(CompletableFuture<?> failed) {
    return failed.isCancelled()
        ? Answer.refused(Refusal.DEADLINE, "TIMEOUT the node gave this command up: try again later")
        : answer(failed.exceptionNow());
  }

  public Now answer(Throwable thrown) {
    Throwable cause = thrown;
    while ((cause instanceof CompletionException || cause instanceof ExecutionException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause instanceof ServiceException expected) {
      return Answer.refused(expected.refusal(), expected.getMessage());
    }
    if (cause instanceof IllegalArgumentException argument) {
      return Answer.error("ERR " + argument.getMessage());
    }
    long now = System.nanoTime();
    long last = lastLogged.get();
    if (now - last >= LOG_INTERVAL_NANOS && lastLogged.compareAndSet(last, now)) {
      LOG.error("a command failed with an unexpected exception", cause);
    }
    return Answer.refused(
        Refusal.INTERNAL,
        "ERR internal error (" + cause.getClass().getSimpleName() + "): see this node's log");
  }
}
