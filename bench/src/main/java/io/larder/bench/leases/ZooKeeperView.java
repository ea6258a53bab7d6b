package io.larder.bench.leases;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.larder.coordinator.registry.Paths;
import io.larder.testkit.local.LocalCluster;
import java.io.IOException;
import java.net.Socket;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooKeeper;

/** The znodes and writes of a local cluster's one ZooKeeper server. */
final class ZooKeeperView implements AutoCloseable {
  private static final int SESSION_MS = 30_000;
  private static final int CLOSE_MS = 1_000;
  private static final int WAIT_SECONDS = 60;

  private final String host;
  private final int port;
  private final Paths paths = new Paths(LocalCluster.CLUSTER);
  private final ZooKeeper zooKeeper;

  private ZooKeeperView(String host, int port, ZooKeeper zooKeeper) {
    this.host = host;
    this.port = port;
    this.zooKeeper = zooKeeper;
  }

  static ZooKeeperView connect(String address) throws IOException, InterruptedException {
    int colon = address.lastIndexOf(':');
    return new ZooKeeperView(
        address.substring(0, colon),
        Integer.parseInt(address.substring(colon + 1)),
        session(address));
  }

  /** A session that is connected. */
  static ZooKeeper session(String address) throws IOException, InterruptedException {
    CountDownLatch connected = new CountDownLatch(1);
    ZooKeeper session =
        new ZooKeeper(
            address,
            SESSION_MS,
            event -> {
              if (event.getState() == KeeperState.SyncConnected) {
                connected.countDown();
              }
            });
    if (!connected.await(WAIT_SECONDS, TimeUnit.SECONDS)) {
      session.close(CLOSE_MS);
      throw new IOException("no ZooKeeper at " + address);
    }
    return session;
  }

  /**
   * Writes that the server has carried out, other than heartbeats: the last transaction's number
   * less the versions of the heartbeats' znodes. Only differences are meaningful.
   */
  long writes() throws IOException, KeeperException, InterruptedException {
    while (true) {
      long before = heartbeats();
      long transactions = lastTransaction();
      if (before == heartbeats()) {
        return transactions - before;
      }
    }
  }

  private long heartbeats() throws KeeperException, InterruptedException {
    long sum = 0;
    for (String node : zooKeeper.getChildren(paths.heartbeats(), false)) {
      sum += zooKeeper.exists(paths.heartbeat(node), false).getVersion();
    }
    return sum;
  }

  private long lastTransaction() throws IOException {
    try (Socket socket = new Socket(host, port)) {
      socket.getOutputStream().write("srvr".getBytes(US_ASCII));
      String answer = new String(socket.getInputStream().readAllBytes(), US_ASCII);
      return answer
          .lines()
          .filter(line -> line.startsWith("Zxid: 0x"))
          .map(line -> Long.parseLong(line.substring(8).strip(), 16))
          .findFirst()
          .orElseThrow(() -> new IOException("ZooKeeper's srvr has no Zxid: " + answer));
    }
  }

  /**
   * The times of the slots' claims, by the server's own clock.
   *
   * @param afterAssignmentMs from the slot table's writing to the last put-lease's creation
   * @param afterRegistrationMs from the last node's registration to the same
   */
  record Claims(long afterAssignmentMs, long afterRegistrationMs) {}

  /** Reads the claims; call it before slots move. */
  Claims claims() throws KeeperException, InterruptedException, IOException {
    long assigned = zooKeeper.exists(paths.slots(), false).getMtime();
    long registered = 0;
    for (String node : zooKeeper.getChildren(paths.nodes(), false)) {
      registered =
          Math.max(registered, zooKeeper.exists(paths.nodes() + "/" + node, false).getCtime());
    }
    AtomicLong claimed = new AtomicLong();
    var slots = zooKeeper.getChildren(paths.putLeases(), false);
    CountDownLatch answers = new CountDownLatch(slots.size());
    for (String slot : slots) {
      zooKeeper.exists(
          paths.putLeases() + "/" + slot,
          false,
          (code, _, _, stat) -> {
            if (code == KeeperException.Code.OK.intValue()) {
              claimed.accumulateAndGet(stat.getCtime(), Math::max);
            }
            answers.countDown();
          },
          null);
    }
    if (!answers.await(WAIT_SECONDS, TimeUnit.SECONDS)) {
      throw new IOException("ZooKeeper did not tell of all put-leases within a minute");
    }
    return new Claims(claimed.get() - assigned, claimed.get() - registered);
  }

  @Override
  public void close() throws InterruptedException {
    zooKeeper.close(CLOSE_MS);
  }
}
