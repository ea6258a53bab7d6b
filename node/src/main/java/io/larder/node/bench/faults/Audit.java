package io.larder.node.bench.faults;

import static io.larder.node.bench.PlainConnection.text;

import io.larder.node.bench.PeerCounts;
import io.larder.node.bench.PlainConnection;
import io.larder.node.local.LocalNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the nodes say of keys when nobody writes any more: how many hold each on their devices, and
 * what each of them answers to a read.
 *
 * @param found by key
 */
record Audit(Map<String, Checker.Found> found) {
  /** A lost message is repaired within this; a duplicate is gone. */
  private static final Duration PATIENCE = Duration.ofSeconds(70);

  private static final Duration LOOK = Duration.ofMillis(250);

  /** A read that is a miss for want of an answer in time is asked again. */
  private static final int READS = 5;

  private static final int TIMEOUT_MS = 10_000;

  static Audit of(List<LocalNode> nodes, List<String> keys)
      throws IOException, InterruptedException {
    List<String> addresses = nodes.stream().map(LocalNode::address).toList();
    List<Integer> holders = PeerCounts.copies(addresses, keys);
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (holders.stream().anyMatch(count -> count > 1) && System.nanoTime() - deadline < 0) {
      Thread.sleep(LOOK);
      holders = PeerCounts.copies(addresses, keys);
    }
    Map<String, List<Long>> puts = new HashMap<>();
    for (LocalNode node : nodes) {
      try (PlainConnection connection =
          PlainConnection.open(node.host(), node.port(), TIMEOUT_MS)) {
        for (int i = 0; i < keys.size(); i++) {
          puts.computeIfAbsent(keys.get(i), _ -> new ArrayList<>())
              .add(read(connection, keys.get(i), holders.get(i) > 0));
        }
      }
    }
    Map<String, Checker.Found> found = new HashMap<>();
    for (int i = 0; i < keys.size(); i++) {
      found.put(
          keys.get(i),
          new Checker.Found(holders.get(i), puts.getOrDefault(keys.get(i), List.of())));
    }
    return new Audit(found);
  }

  private static long read(PlainConnection connection, String key, boolean expected)
      throws IOException, InterruptedException {
    for (int attempt = 1; ; attempt++) {
      Optional<byte[]> value = connection.call(text("GET"), text(key));
      if (value.isPresent()) {
        return Contents.putOf(ByteBuffer.wrap(value.get()));
      }
      if (!expected || attempt == READS) {
        return 0;
      }
      Thread.sleep(LOOK);
    }
  }
}
