package io.larder.bench.wire;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** Runs one operation on many connections until so many operations are done. */
final class Load {
  /** A connection's part of the work. */
  interface Connection extends AutoCloseable {
    /** Does the operation of this number. */
    void run(int operation) throws IOException;

    @Override
    void close() throws IOException;
  }

  private Load() {}

  /**
   * Runs {@code operations}, each on the next free connection, and takes the time from the moment
   * all connections are open.
   *
   * @return seconds
   */
  static double seconds(int connections, int operations, Callable<Connection> connect)
      throws IOException, InterruptedException {
    List<Connection> opened = new ArrayList<>();
    AtomicInteger next = new AtomicInteger();
    try (ExecutorService threads = Executors.newFixedThreadPool(connections)) {
      for (int i = 0; i < connections; i++) {
        opened.add(open(connect));
      }
      List<Future<?>> running = new ArrayList<>();
      long start = System.nanoTime();
      for (Connection connection : opened) {
        running.add(
            threads.submit(() -> {
              for (int i = next.getAndIncrement(); i < operations; i = next.getAndIncrement()) {
                connection.run(i);
              }
              return null;
            }));
      }
      for (Future<?> one : running) {
        one.get();
      }
      return (System.nanoTime() - start) / 1e9;
    } catch (ExecutionException e) {
      next.set(operations);
      throw new IOException(e.getCause());
    } finally {
      for (Connection connection : opened) {
        connection.close();
      }
    }
  }

  private static Connection open(Callable<Connection> connect) throws IOException {
    try {
      return connect.call();
    } catch (IOException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IOException(e);
    }
  }
}
