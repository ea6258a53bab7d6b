package io.larder.bench;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The inference servers, and one thread for each, so that they run at the same time. One activity
 * at a time.
 */
final class Fleet implements AutoCloseable {
  /** The work of one server, on its own thread. */
  interface Activity {
    void run(InferenceServer server, int index) throws InterruptedException;
  }

  /** An activity under way. */
  static final class Run {
    private final CountDownLatch left;
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    private Run(int servers) {
      left = new CountDownLatch(servers);
    }

    /** Returns when all servers are done, or throws as soon as one has failed. */
    void await() throws InterruptedException {
      left.await();
      Throwable cause = failure.get();
      if (cause instanceof HangException hang) {
        throw hang;
      }
      if (cause != null) {
        throw new IllegalStateException("an inference server ended: " + cause, cause);
      }
    }

    /** Whether all are done, or one has failed. */
    boolean isOver() {
      return left.getCount() == 0;
    }

    private void failed(Throwable cause) {
      failure.compareAndSet(null, cause);
      while (left.getCount() > 0) {
        left.countDown();
      }
    }
  }

  private final List<InferenceServer> servers;
  private final ExecutorService threads;

  Fleet(List<InferenceServer> servers) {
    this.servers = List.copyOf(servers);
    this.threads =
        Executors.newFixedThreadPool(
            servers.size(), Thread.ofPlatform().daemon().name("server-", 1).factory());
  }

  int size() {
    return servers.size();
  }

  /** Runs it on every server; returns when all are done, or throws as soon as one has failed. */
  void together(Activity activity) throws InterruptedException {
    start(activity).await();
  }

  /** As {@link #together}, but returns at once. */
  Run start(Activity activity) {
    Run run = new Run(servers.size());
    IntStream.range(0, servers.size())
        .forEach(index ->
            threads.execute(() -> {
              try {
                activity.run(servers.get(index), index);
                run.left.countDown();
              } catch (InterruptedException | RuntimeException | Error e) {
                run.failed(e);
              }
            }));
    return run;
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
