package io.larder.coordinator.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.larder.coordinator.lease.Cluster.Node;
import io.larder.protocol.Slots;
import io.larder.testkit.embedded.EmbeddedZooKeeper;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** ConnectionLoss means unknown: what a node believes afterwards is what ZooKeeper has. */
@Tag("integration")
class LostAnswerTest {
  private static final int LONG_SESSION_MS = 60_000;

  private static @Nullable Stat stat(ZooKeeper hand, String path) {
    try {
      return hand.exists(path, false);
    } catch (KeeperException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static long sessionOf(Node node) {
    return Objects.requireNonNull(node.session().handle()).getSessionId();
  }

  private static boolean isHeldBy(Node node, ZooKeeper hand, String path) {
    Stat stat = stat(hand, path);
    return stat != null && stat.getEphemeralOwner() == sessionOf(node);
  }

  @Test
  void aClaimOrAReleaseWhoseAnswerIsLostIsFoundOutAndHappensOnce(@TempDir Path dir)
      throws Exception {
    try (EmbeddedZooKeeper server = EmbeddedZooKeeper.start(dir, 0);
        LosingProxy proxy =
            new LosingProxy(
                Integer.parseInt(server.address().substring(server.address().indexOf(':') + 1)));
        Cluster direct = new Cluster(server.address(), "lost", LONG_SESSION_MS);
        Cluster proxied = new Cluster(proxy.address(), "lost", LONG_SESSION_MS)) {
      ZooKeeper hand = direct.connect();
      direct.share(hand, "nobody", "b");
      Node a = proxied.start("a");
      Node b = direct.start("b");
      await().until(() -> b.epochs.size() == Slots.COUNT / 2 && a.image.nodes().size() == 2);

      // Slots 0–8191 go to a; the answer to a's first claim never arrives.
      proxy.loseNextAnswer(() -> isHeldBy(a, hand, direct.paths.putLease(0)));
      direct.share(hand, "a", "b");
      await().until(() -> a.epochs.size() == Slots.COUNT / 2);
      assertThat(proxy.lost).hasValue(1);
      assertThat(a.incarnations).as("the same session went on").hasSize(1);
      for (int slot = 0; slot < Slots.COUNT / 2; slot += 512) {
        Stat stat = Objects.requireNonNull(stat(hand, direct.paths.putLease(slot)));
        assertThat(a.epochs.get(slot)).isEqualTo(stat.getCzxid());
      }
      assertThat(a.calls).filteredOn("claimed"::equals).hasSize(4);

      // Then to b; the answer to a's first deletion is lost while b waits to claim.
      proxy.loseNextAnswer(() -> !isHeldBy(a, hand, direct.paths.putLease(0)));
      direct.share(hand, "b");
      await().until(() -> b.epochs.size() == Slots.COUNT);
      assertThat(proxy.lost).hasValue(2);
      assertThat(a.epochs).isEmpty();
      await()
          .during(Duration.ofSeconds(1))
          .until(() -> hand.getChildren(direct.paths.putLeases(), false).size() == Slots.COUNT);
      for (int slot : List.of(0, 1, 4095, 8191)) {
        assertThat(isHeldBy(b, hand, direct.paths.putLease(slot))).isTrue();
      }
    }
  }
}
