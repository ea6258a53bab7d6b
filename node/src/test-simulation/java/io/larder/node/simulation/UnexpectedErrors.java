package io.larder.node.simulation;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Makes each unexpected error that production logs a violation of the run of that thread. All other
 * log lines of a simulation are dropped.
 */
final class UnexpectedErrors extends AppenderBase<ILoggingEvent> {
  private static final ThreadLocal<@Nullable World> RUNNING = new ThreadLocal<>();

  static {
    Logger logger = (Logger) LoggerFactory.getLogger("io.larder.node.router");
    UnexpectedErrors appender = new UnexpectedErrors();
    appender.setContext(logger.getLoggerContext());
    appender.start();
    logger.addAppender(appender);
  }

  /** Names the run of this thread; null when it has ended. */
  static void of(@Nullable World world) {
    RUNNING.set(world);
    Logger logger = (Logger) LoggerFactory.getLogger("io.larder.node.router");
    logger.setLevel(Level.ERROR);
    logger.setAdditive(false);
  }

  @Override
  protected void append(ILoggingEvent event) {
    World world = RUNNING.get();
    if (world != null && event.getLevel().isGreaterOrEqual(Level.ERROR)) {
      var thrown = event.getThrowableProxy();
      world.violated(
          event.getFormattedMessage() + (thrown == null ? "" : ": " + thrown.getMessage()));
    }
  }
}
