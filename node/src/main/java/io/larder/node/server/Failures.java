package io.larder.node.server;

import io.larder.node.server.Answer.Now;
import io.larder.node.service.Refusal;
import io.larder.node.service.ServiceException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns what went wrong into an error reply and its cause. */
final class Failures {
  private static final Logger log = LoggerFactory.getLogger(Failures.class);
  private static final long LOG_INTERVAL_NANOS = 1_000_000_000;
  private static final AtomicLong lastLogged =
      new AtomicLong(System.nanoTime() - LOG_INTERVAL_NANOS);

  private Failures() {}

  /** The answer for a future that has failed. */
  static Now answer(CompletableFuture<?> failed) {
    return failed.isCancelled()
        ? Answer.refused(Refusal.DEADLINE, "TIMEOUT the node gave this command up: try again later")
        : answer(failed.exceptionNow());
  }

  static Now answer(Throwable thrown) {
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
      log.error("a command failed in a way nobody expected", cause);
    }
    return Answer.refused(
        Refusal.INTERNAL,
        "ERR internal error (" + cause.getClass().getSimpleName() + "): see this node's log");
  }
}
