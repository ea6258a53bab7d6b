package io.larder.bench.leases;

import static io.larder.bench.PlainConnection.text;

import io.larder.bench.PeerCounts;
import io.larder.bench.PlainConnection;
import io.larder.testkit.local.LocalCluster;
import io.larder.testkit.local.LocalNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Many clients on all nodes put the same keys at once, each all of them.
 *
 * @param copiesMax the most nodes that hold one key
 * @param stored puts that were answered as stored
 * @param deviceBytesPerUniqueByte bytes written to devices for each byte of the values
 */
record Herd(int copiesMax, long stored, double deviceBytesPerUniqueByte) {
  static final int CLIENTS = 64;
  static final int KEYS = 1_000;

  private static final int VALUE_BYTES = 256 << 10;
  private static final int TIMEOUT_MS = 60_000;
  private static final String WRITTEN = "larder_store_written_bytes_total";

  static Herd run(LocalCluster cluster) throws IOException, InterruptedException {
    List<LocalNode> nodes = cluster.nodes();
    double before = written(cluster);
    CyclicBarrier start = new CyclicBarrier(CLIENTS);
    long stored = 0;
    try (ExecutorService threads = Executors.newFixedThreadPool(CLIENTS)) {
      List<Future<Integer>> clients = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        LocalNode node = nodes.get(i % nodes.size());
        byte[] value = new byte[VALUE_BYTES];
        value[0] = (byte) i;
        clients.add(threads.submit(() -> put(node, value, start)));
      }
      for (Future<Integer> client : clients) {
        stored += client.get();
      }
    } catch (ExecutionException e) {
      throw new IOException("a client of the herd failed: " + e.getCause(), e);
    }
    int copies = 0;
    List<String> addresses = nodes.stream().map(LocalNode::address).toList();
    List<String> keys = new ArrayList<>();
    for (int i = 0; i < KEYS; i++) {
      keys.add(key(i));
    }
    for (int count : PeerCounts.copies(addresses, keys)) {
      copies = Math.max(copies, count);
    }
    return new Herd(copies, stored, (written(cluster) - before) / ((double) KEYS * VALUE_BYTES));
  }

  private static int put(LocalNode node, byte[] value, CyclicBarrier start)
      throws IOException, InterruptedException, BrokenBarrierException {
    int stored = 0;
    try (PlainConnection connection = PlainConnection.open(node.host(), node.port(), TIMEOUT_MS)) {
      connection.introduce("larder-bench"); // OK then means stored
      start.await();
      for (int i = 0; i < KEYS; i++) {
        if (connection.call(text("SET"), text(key(i)), value, text("NX")).isPresent()) {
          stored++;
        }
      }
    }
    return stored;
  }

  private static String key(int i) {
    return "herd-" + i;
  }

  private static double written(LocalCluster cluster) throws IOException, InterruptedException {
    double sum = 0;
    for (LocalNode node : cluster.nodes()) {
      var scrape = cluster.scrape(node);
      if (!scrape.has(WRITTEN)) {
        throw new IOException(node.nodeId() + " has no metric " + WRITTEN);
      }
      sum += scrape.sum(WRITTEN);
    }
    return sum;
  }
}
