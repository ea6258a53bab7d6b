package io.larder.bench.wire;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.larder.bench.DroppedPuts;
import io.larder.bench.Figure;
import io.larder.bench.Figure.Better;
import io.larder.bench.LatencyHistogram;
import io.larder.client.LarderClient;
import io.larder.testkit.local.LocalCluster;
import io.larder.testkit.local.LocalClusterException;
import io.larder.testkit.local.LocalClusterOptions;
import io.larder.testkit.local.LocalNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** Measures longest-prefix lookups of 128 keys on three nodes, and the requests between them. */
final class PrefixLookup {
  private static final int KEYS = 128;
  private static final int LOOKUPS = 3_000;
  private static final int WARM_UP = 3_000;
  private static final double GOAL_MS = 1;

  private PrefixLookup() {}

  static List<Figure> run(Class<?> launcher, Consumer<String> say)
      throws IOException, InterruptedException {
    try (LocalCluster cluster = LocalCluster.start(LocalClusterOptions.of(launcher).build(), say)) {
      List<String> addresses = cluster.nodes().stream().map(LocalNode::address).toList();
      List<byte[]> keys =
          IntStream.range(0, KEYS).mapToObj(i -> ("prefix:" + i).getBytes(US_ASCII)).toList();
      for (int i = 0; i < KEYS; i++) { // every node holds its share
        LocalNode holder = cluster.nodes().get(i % addresses.size());
        try (LeanClient writer = new LeanClient(holder.host(), holder.port())) {
          writer.set("prefix:" + i, ByteBuffer.allocateDirect(4096));
        }
      }
      try (LarderClient client =
          LarderClient.builder().localNode(addresses.getFirst()).nodes(addresses).build()) {
        List<Figure> figures = measure(cluster, client, keys);
        DroppedPuts.requireNone(cluster);
        return figures;
      }
    }
  }

  private static List<Figure> measure(LocalCluster cluster, LarderClient client, List<byte[]> keys)
      throws IOException, InterruptedException {
    lookUp(client, keys, WARM_UP);
    long before = requests(cluster);
    LatencyHistogram latency = lookUp(client, keys, LOOKUPS);
    double requests = (double) (requests(cluster) - before) / LOOKUPS;
    return List.of(
        Figure.of("prefix128P50", latency.quantileMs(0.5), "ms", GOAL_MS, Better.lower),
        Figure.of("prefix128P99", latency.quantileMs(0.99), "ms", null, Better.lower),
        // The client's one, and one to each other node; a few more are the nodes' anti-entropy.
        Figure.of(
            "prefix128RequestsPerNode",
            requests / cluster.nodes().size(),
            "1",
            1.05,
            Better.lower));
  }

  private static LatencyHistogram lookUp(LarderClient client, List<byte[]> keys, int times)
      throws IOException {
    LatencyHistogram latency = new LatencyHistogram();
    for (int i = 0; i < times; i++) {
      long start = System.nanoTime();
      int found = client.blocking().longestPrefix(keys);
      latency.record(System.nanoTime() - start);
      if (found != KEYS) {
        throw new IOException("a prefix of " + KEYS + " keys was answered with " + found);
      }
    }
    return latency;
  }

  private static long requests(LocalCluster cluster)
      throws LocalClusterException, IOException, InterruptedException {
    double sum = 0;
    for (LocalNode node : cluster.nodes()) {
      sum += cluster.scrape(node).sum("larder_commands_processed_total");
    }
    return (long) sum;
  }
}
