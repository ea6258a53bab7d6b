package io.larder.system.containers;

import io.larder.client.LarderClient;
import io.larder.testing.Patience;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** An inference server beside each node, each putting a new block now and then, and reading one. */
final class Trickle implements AutoCloseable {
  private static final int EVERY_MS = 60;

  private final List<LarderClient> clients = new ArrayList<>();
  private final ScheduledExecutorService threads;

  Trickle(ContainerCluster cluster, Ledger ledger, String prefix) {
    threads = Executors.newScheduledThreadPool(cluster.size());
    for (int i = 0; i < cluster.size(); i++) {
      LarderClient client = cluster.client(i);
      clients.add(client);
      String own = prefix + "-server-" + i + "-";
      int[] next = {0};
      // A put that takes longer delays this server's next one; each server has a thread.
      threads.scheduleAtFixedRate(
          () -> {
            ledger.put(client, own + next[0]++);
            ledger.readAny(client);
          },
          0,
          EVERY_MS,
          TimeUnit.MILLISECONDS);
    }
  }

  /** Ends after the puts under way, none of which may take longer than a call may. */
  @Override
  public void close() {
    threads.shutdown();
    boolean ended = false;
    try {
      ended = threads.awaitTermination(Patience.limitMs(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    clients.forEach(LarderClient::close);
    if (!ended) {
      throw new IllegalStateException("a put hangs");
    }
  }
}
