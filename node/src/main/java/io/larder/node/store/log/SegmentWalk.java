package io.larder.node.store.log;

import io.larder.node.device.Device;
import io.larder.node.device.StalledException;
import io.larder.node.store.format.Geometry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** A visit of all segments of a device, several at a time. */
final class SegmentWalk {
  private static final int WORKERS = 8;

  /** Visits segments; called on several threads, on one for each segment. */
  interface Visitor {
    /** Visits one segment. */
    void visit(SegmentReader reader, int segment) throws IOException;

    /** Called if the segment could not be read. */
    void unreadable(int segment, IOException why);

    /** Called when one thread has finished, with the counts of its reader. */
    void finished(SegmentReader reader);
  }

  private SegmentWalk() {}

  /**
   * Visits every segment; returns when all are done.
   *
   * @param order all segments, the slowest first
   * @param visited called after each segment, on the thread that visited it
   * @throws IOException if the device does not answer, or the thread was interrupted
   */
  static void visit(
      Device device, Geometry geometry, int[] order, Visitor visitor, Runnable visited)
      throws IOException {
    AtomicInteger next = new AtomicInteger();
    ExecutorService workers =
        Executors.newFixedThreadPool(
            WORKERS, Thread.ofPlatform().daemon().name("larder-segments-", 0).factory());
    try {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < WORKERS; i++) {
        all.add(workers.submit(() -> work(device, geometry, order, visitor, visited, next)));
      }
      for (Future<?> one : all) {
        one.get();
      }
    } catch (ExecutionException e) {
      throw new IOException(device.name() + ": its segments could not be read", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(device.name() + ": reading its segments was interrupted", e);
    } finally {
      workers.shutdownNow();
    }
  }

  private static void work(
      Device device,
      Geometry geometry,
      int[] order,
      Visitor visitor,
      Runnable visited,
      AtomicInteger next) {
    try (SegmentReader reader = new SegmentReader(device, geometry)) {
      for (int at = next.getAndIncrement(); at < order.length; at = next.getAndIncrement()) {
        int segment = order[at];
        try {
          visitor.visit(reader, segment);
        } catch (StalledException e) { // the other segments would not be answered either
          throw new UncheckedIOException(e);
        } catch (IOException e) {
          visitor.unreadable(segment, e);
        }
        visited.run();
      }
      visitor.finished(reader);
    }
  }
}
