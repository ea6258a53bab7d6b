package io.larder.node.server;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns what went wrong into the text of an error reply. */
final class Failures {
  private static final Logger log = LoggerFactory.getLogger(Failures.class);
  private static final long LOG_INTERVAL_NANOS = 1_000_000_000;
  private static final AtomicLong lastLogged =
      new AtomicLong(System.nanoTime() - LOG_INTERVAL_NANOS);

  private Failures() {}

  /** The text for a future that has failed. */
  static String message(CompletableFuture<?> failed) {
    return failed.isCancelled()
        ? "TRYAGAIN the node gave this command up: try again"
        : message(failed.exceptionNow());
  }

  static String message(Throwable thrown) {
    Throwable cause = thrown;
    while ((cause instanceof CompletionException || cause instanceof ExecutionException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause instanceof ServiceException expected) {
      return expected.getMessage();
    }
    if (cause instanceof IllegalArgumentException argument) {
      return "ERR " + argument.getMessage();
    }
    long now = System.nanoTime();
    long last = lastLogged.get();
    if (now - last >= LOG_INTERVAL_NANOS && lastLogged.compareAndSet(last, now)) {
      log.error("a command failed in a way nobody expected", cause);
    }
    return "ERR internal error (" + cause.getClass().getSimpleName() + "): see this node's log";
  }
}
