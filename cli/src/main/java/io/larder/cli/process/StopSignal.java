package io.larder.cli.process;

import java.util.concurrent.CountDownLatch;

/**
 * The word to stop a long-running command: SIGTERM, SIGINT or, if asked for, the parent's end. The
 * JVM goes down only after {@link #close}, so that what the command runs is stopped in order.
 */
public final class StopSignal implements AutoCloseable {
  private final CountDownLatch stop = new CountDownLatch(1);
  private final CountDownLatch stopped = new CountDownLatch(1);

  private StopSignal() {}

  /** Listens from now on. */
  public static StopSignal install(boolean exitWithParent) {
    StopSignal signal = new StopSignal();
    if (exitWithParent) {
      ParentWatch.start(signal.stop::countDown);
    }
    Runtime.getRuntime()
        .addShutdownHook(
            Thread.ofPlatform()
                .name("larder-shutdown")
                .unstarted(() -> {
                  signal.stop.countDown();
                  try {
                    signal.stopped.await();
                  } catch (InterruptedException _) {
                    Thread.currentThread().interrupt();
                  }
                }));
    return signal;
  }

  /** Waits for the word. */
  public void await() throws InterruptedException {
    stop.await();
  }

  /** Everything is stopped: the JVM may go. */
  @Override
  public void close() {
    stopped.countDown();
  }
}
