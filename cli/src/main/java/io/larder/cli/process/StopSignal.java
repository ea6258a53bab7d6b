package io.larder.cli.process;

import java.util.concurrent.CountDownLatch;

/**
 * The signal to stop a service: SIGTERM, SIGINT or, if requested, the parent's end. The JVM ends
 * only after {@link #close}, so that the service stops in order.
 */
public final class StopSignal implements AutoCloseable {
  private final CountDownLatch stop = new CountDownLatch(1);
  private final CountDownLatch stopped = new CountDownLatch(1);

  private StopSignal() {}

  /** Starts to listen. */
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

  /** Waits for the signal. */
  public void await() throws InterruptedException {
    stop.await();
  }

  /** Lets the JVM end, after everything is stopped. */
  @Override
  public void close() {
    stopped.countDown();
  }
}
