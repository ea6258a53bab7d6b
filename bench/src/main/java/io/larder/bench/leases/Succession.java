package io.larder.bench.leases;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.larder.client.LarderClient;
import io.larder.client.PutOptions;
import io.larder.client.PutOutcome;
import io.larder.testkit.local.LocalCluster;
import io.larder.testkit.local.LocalNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.LongAdder;

/** Measures puts of many keys, and the time until a dead node's slots serve again. */
final class Succession {
  private static final int VALUE_BYTES = 100;
  private static final int IN_FLIGHT = 768;
  private static final Duration LOOK = Duration.ofMillis(20);
  private static final Duration CALL_TIMEOUT = Duration.ofMinutes(1);

  /** A node under load may refuse a put and miss a get: the next attempt counts. */
  private static final int ATTEMPTS = 20;

  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final LocalCluster cluster;

  Succession(LocalCluster cluster) {
    this.cluster = cluster;
  }

  private static LarderClient client(LocalNode node) {
    return LarderClient.builder()
        .localNode(node.address())
        .attemptTimeout(CALL_TIMEOUT)
        .callTimeout(CALL_TIMEOUT)
        .build();
  }

  /** Puts keys through all nodes in turn; puts per second. */
  double putsPerSecond(int keys) throws IOException, InterruptedException {
    return perSecond(
        keys,
        (client, key, done) -> {
          ByteBuffer value = ByteBuffer.wrap(new byte[VALUE_BYTES]);
          var _ =
              client
                  .writer()
                  .put(key, value, PutOptions.NONE)
                  .whenComplete((outcome, _) ->
                      done.with(outcome == PutOutcome.STORED || outcome == PutOutcome.EXISTS));
        });
  }

  /** Gets keys through all nodes in turn; gets per second. */
  double getsPerSecond(int keys) throws IOException, InterruptedException {
    return perSecond(
        keys,
        (client, key, done) -> {
          var _ =
              client
                  .reader()
                  .get(key)
                  .whenComplete((found, _) -> {
                    boolean hit = found != null && found.isPresent();
                    if (hit) {
                      found.orElseThrow().close();
                    }
                    done.with(hit);
                  });
        });
  }

  private interface Done {
    void with(boolean good);
  }

  private interface Calling {
    void call(LarderClient client, byte[] key, Done done);
  }

  /** Runs one call, repeated until it succeeds; then frees its place in the window. */
  private static final class Attempts implements Done {
    private final Calling calling;
    private final LarderClient client;
    private final byte[] key;
    private final Semaphore window;
    private final LongAdder bad;
    private int left = ATTEMPTS;

    Attempts(Calling calling, LarderClient client, byte[] key, Semaphore window, LongAdder bad) {
      this.calling = calling;
      this.client = client;
      this.key = key;
      this.window = window;
      this.bad = bad;
    }

    void next() {
      left--;
      calling.call(client, key, this);
    }

    @Override
    public void with(boolean good) {
      if (!good && left > 0) {
        next();
        return;
      }
      if (!good) {
        bad.increment();
      }
      window.release();
    }
  }

  private double perSecond(int keys, Calling calling) throws IOException, InterruptedException {
    List<LarderClient> clients = new ArrayList<>();
    LongAdder bad = new LongAdder();
    Semaphore window = new Semaphore(IN_FLIGHT);
    try {
      cluster.nodes().forEach(node -> clients.add(client(node)));
      long start = System.nanoTime();
      for (int i = 0; i < keys; i++) {
        window.acquire();
        new Attempts(
                calling,
                clients.get(i % clients.size()),
                ("many-" + i).getBytes(UTF_8),
                window,
                bad)
            .next();
      }
      window.acquire(IN_FLIGHT);
      if (bad.sum() > 0) {
        throw new IOException(bad.sum() + " of " + keys + " calls did not end as they should");
      }
      return keys / ((System.nanoTime() - start) / 1e9);
    } finally {
      clients.forEach(LarderClient::close);
    }
  }

  /** Kill -9 of the last node; ms until a put into each of its slots has succeeded. */
  long slotsServeAgainMs(SlotOwners owners) throws IOException, InterruptedException {
    LocalNode victim = cluster.nodes().getLast();
    Set<Integer> waiting = ConcurrentHashMap.newKeySet();
    waiting.addAll(owners.slotsOf(victim));
    ByteBuffer value = ByteBuffer.wrap(new byte[VALUE_BYTES]);
    Semaphore window = new Semaphore(IN_FLIGHT);
    try (LarderClient client = client(cluster.nodes().getFirst())) {
      cluster.kill(victim);
      long killed = System.nanoTime();
      while (!waiting.isEmpty()) {
        if (System.nanoTime() - killed > PATIENCE.toNanos()) {
          throw new IOException(
              waiting.size() + " slots of a killed node do not serve puts after two minutes");
        }
        for (int slot : waiting) {
          window.acquire();
          var _ =
              client
                  .writer()
                  .put(owners.key(slot, "-again"), value, PutOptions.NONE)
                  .whenComplete((outcome, _) -> {
                    window.release();
                    if (outcome == PutOutcome.STORED || outcome == PutOutcome.EXISTS) {
                      waiting.remove(slot);
                    }
                  });
        }
        window.acquire(IN_FLIGHT);
        window.release(IN_FLIGHT);
        if (waiting.isEmpty()) {
          break;
        }
        Thread.sleep(LOOK);
      }
      return (System.nanoTime() - killed) / 1_000_000;
    }
  }
}
