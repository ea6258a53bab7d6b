package io.larder.node.router.write;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.larder.node.block.Key;
import io.larder.node.block.Keyspace;
import io.larder.node.block.MemoryPool;
import io.larder.node.directory.Deadlines;
import io.larder.node.directory.OpenPuts;
import io.larder.node.directory.Rules;
import io.larder.node.peer.PeerLinks;
import io.larder.node.router.cluster.Cluster;
import io.larder.node.router.cluster.Timing;
import io.larder.node.service.ClientId;
import io.larder.protocol.PutToken;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LeasesTest {
  private static final ClientId CLIENT = new ClientId(1);

  private final AtomicLong nanos = new AtomicLong();
  private final Keyspace keyspace = new Keyspace("test");
  private final OpenPuts openPuts = new OpenPuts(nanos::get, Rules.STANDARD);

  @Test
  void whatAClientLeasedAndLetLapseIsForgottenThoughItStaysConnected() {
    try (MemoryPool pool = new MemoryPool(64L << 20, 0);
        PeerLinks links = new PeerLinks(pool, "n1", null, null, 250);
        ScheduledExecutorService control = Executors.newSingleThreadScheduledExecutor()) {
      Leases leases =
          new Leases(
              new Cluster("n1", links, Deadlines.DEFAULTS),
              openPuts,
              new Timing(control, nanos::get, Deadlines.DEFAULTS));
      for (int i = 0; i < 10_000; i++) {
        hold(leases, i, TimeUnit.SECONDS.toNanos(i < 9_990 ? 1 : 100));
      }
      leases.forgetEnded();
      assertThat(leases.heldByClients()).as("none has ended").isEqualTo(10_000);
      nanos.set(TimeUnit.SECONDS.toNanos(2));
      openPuts.tick();
      leases.forgetEnded();
      assertThat(leases.heldByClients()).isEqualTo(10);
    }
  }

  private void hold(Leases leases, int number, long lifeNanos) {
    Key key = keyspace.key(("key " + number).getBytes(UTF_8));
    PutToken token = new PutToken(7, number);
    assertThat(openPuts.granted(key.ref(), token, nanos.get() + lifeNanos)).isTrue();
    leases.heldByClient(CLIENT, key, token);
  }
}
