package io.larder.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.larder.protocol.Command;
import io.larder.protocol.Reply;
import io.larder.protocol.RespConnection;
import io.netty.channel.EventLoopGroup;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The nodes to call, in order of preference: those the caller named, the local one first, then
 * those that the cluster lists. Any node answers for the whole cluster, so the topology decides the
 * order only. It is read at the first connection, after failures and periodically.
 */
final class Nodes {
  private static final Logger LOG = LoggerFactory.getLogger(Nodes.class);
  private static final long MIN_REFRESH_GAP_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final List<Lane> lanes;
  private final List<String> named;
  private final long timeoutMs;
  private final AtomicLong lastRefreshNanos;
  private volatile List<String> all;

  /**
   * @param lanes every role's connections; the first lane reads the topology
   */
  Nodes(ClientOptions options, List<Lane> lanes) {
    this.lanes = lanes;
    this.named = options.nodes();
    this.timeoutMs = options.attemptTimeoutMs();
    this.all = named;
    this.lastRefreshNanos = new AtomicLong(System.nanoTime() - MIN_REFRESH_GAP_NANOS);
  }

  /** {@code host:port}s, most preferred first. */
  List<String> inOrder() {
    return all;
  }

  /** Reads the topology at once and then periodically. */
  void refreshEvery(long periodMs, EventLoopGroup group) {
    var unused =
        group.next().scheduleAtFixedRate(this::refresh, 0, periodMs, TimeUnit.MILLISECONDS);
  }

  /** Queries the nodes one after the other until one answers; at most once a second. */
  void refresh() {
    long last = lastRefreshNanos.get();
    long now = System.nanoTime();
    if (now - last < MIN_REFRESH_GAP_NANOS || !lastRefreshNanos.compareAndSet(last, now)) {
      return;
    }
    ask(all, 0);
  }

  private void ask(List<String> addresses, int index) {
    if (index == addresses.size()) {
      LOG.debug("no node of {} returned the topology: keeping these", addresses);
      return;
    }
    var unused =
        lanes
            .get(0)
            .link(addresses.get(index))
            .connection()
            .thenCompose(this::clusterNodes)
            .whenComplete((reply, error) -> {
              if (reply instanceof Reply.Bulk text) {
                List<String> known = learn(text.text());
                lanes.forEach(lane -> lane.retainOnly(known));
              } else {
                ask(addresses, index + 1);
              }
            });
  }

  private CompletableFuture<Reply> clusterNodes(RespConnection connection) {
    return connection.send(Command.of("CLUSTER").arg("NODES".getBytes(UTF_8)), timeoutMs);
  }

  /** Parses lines of {@code id host:port@busport flags …}, as Redis Cluster writes them. */
  private List<String> learn(String text) {
    Set<String> merged = new LinkedHashSet<>(named);
    for (String line : text.lines().toList()) {
      String[] words = line.trim().split(" ", -1);
      if (words.length >= 3 && !words[2].contains("fail") && !words[2].contains("noaddr")) {
        String address = words[1].split("[@,]", 2)[0];
        if (address.lastIndexOf(':') > 0 && !address.endsWith(":0")) {
          merged.add(address);
        }
      }
    }
    all = List.copyOf(merged);
    return all;
  }

  /** Returns the candidates for one attempt: untried nodes that are up, else any untried node. */
  static List<String> preferring(Lane lane, List<String> inOrder, Set<String> tried) {
    List<String> up = new ArrayList<>(inOrder.size());
    List<String> down = new ArrayList<>();
    for (String address : inOrder) {
      if (!tried.contains(address)) {
        (lane.link(address).isUp() ? up : down).add(address);
      }
    }
    up.addAll(down);
    return up;
  }
}
