package io.larder.bench;

import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.stream.LongStream;

/**
 * Plays a trace's requests as fast as the cluster answers: server i takes requests i, i + S, i + 2S
 * and so on, and a request begins only when all but the latest S − 1 before it are done. So S
 * requests are under way at any time, in nearly the trace's order; for a block that a concurrent
 * request is computing, a request gets HELD, waits, and does not count a hit. The trace's arrival
 * times are ignored.
 */
final class Replay {
  /** The first id of the herd, above those of any trace. */
  private static final long HERD_IDS = 1L << 40;

  private Replay() {}

  /** Replays all requests; returns the seconds it took. */
  static double requests(Fleet fleet, Trace trace, LoadCounters counters, Progress progress)
      throws InterruptedException {
    List<Trace.Request> requests = trace.requests();
    RequestWindow order = new RequestWindow(requests.size(), fleet.size());
    long start = System.nanoTime();
    try (Progress.Task task = progress.task("requests", requests.size())) {
      fleet.together((server, index) -> {
        for (int n = index; n < requests.size(); n += fleet.size()) {
          order.awaitTurn(n);
          try {
            server.serve(requests.get(n).blockIds(), counters);
          } finally {
            order.done(n);
          }
          task.step(1);
        }
      });
    }
    return (System.nanoTime() - start) / 1e9;
  }

  /** All servers request the same new blocks at the same moment. */
  static void herd(Fleet fleet, int blocks, LoadCounters counters) throws InterruptedException {
    CyclicBarrier moment = new CyclicBarrier(fleet.size());
    List<Long> ids = LongStream.range(HERD_IDS, HERD_IDS + blocks).boxed().toList();
    fleet.together((server, _) -> {
      try {
        moment.await();
      } catch (BrokenBarrierException e) {
        throw new IllegalStateException("a server left the herd", e);
      }
      server.computeOrJoin(ids, counters);
    });
  }
}
