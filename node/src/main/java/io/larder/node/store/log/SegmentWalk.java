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

/** Reads all segments of a device, several at a time. */
final class SegmentWalk {
  private static final int WORKERS = 8;

  /** What is done; called on several threads, on one for one segment. */
  interface Visitor {
    /** Looks at one segment. */
    void visit(SegmentReader reader, int segment) throws IOException;

    /** The segment could not be read. */
    void unreadable(int segment, IOException why);

    /** One thread has finished; its reader has counted what it saw. */
    void finished(SegmentReader reader);
  }

  private SegmentWalk() {}

  /**
   * Visits every segment; returns when all are done.
   *
   * @param order all segments, those first that take longest
   * @param visited told of each segment that is done, on the thread that did it
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
        Object _ = one.get();
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
        } catch (StalledException e) { // nor would the others be answered
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
