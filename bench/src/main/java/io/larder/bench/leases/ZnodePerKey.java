package io.larder.bench.leases;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.zookeeper.AsyncCallback;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.jspecify.annotations.Nullable;

/**
 * A rival design: a znode for each key. A put creates it, which is the exclusive right to write,
 * and sets it to the holder when the value is durable, which is the commit. Runs ZooKeeper's part
 * only, with as many concurrent puts as it accepts.
 */
final class ZnodePerKey {
  private static final String ROOT = "/znode-per-key";
  private static final int WINDOW = 1_000;
  private static final int SECONDS = 60;
  private static final byte[] HOLDER = new byte[64];

  private ZnodePerKey() {}

  /** Puts per second. */
  static double putsPerSecond(String address, int puts)
      throws IOException, InterruptedException, KeeperException {
    ZooKeeper session = ZooKeeperView.session(address);
    try {
      String root =
          session.create(
              ROOT + "-", HOLDER, ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT_SEQUENTIAL);
      return run(session, root, puts);
    } finally {
      session.close(1_000);
    }
  }

  private static double run(ZooKeeper session, String root, int puts)
      throws IOException, InterruptedException {
    Semaphore window = new Semaphore(WINDOW);
    AtomicReference<@Nullable String> failure = new AtomicReference<>();
    AsyncCallback.StatCallback committed =
        (code, path, _, _) -> {
          note(code, path, failure);
          window.release();
        };
    AsyncCallback.StringCallback granted =
        (code, path, _, _) -> {
          note(code, path, failure);
          session.setData(path, HOLDER, 0, committed, null);
        };
    long start = System.nanoTime();
    for (int i = 0; i < puts; i++) {
      window.acquire();
      session.create(
          root + "/" + i,
          "writer".getBytes(StandardCharsets.UTF_8),
          ZooDefs.Ids.OPEN_ACL_UNSAFE,
          CreateMode.EPHEMERAL,
          granted,
          null);
    }
    if (!window.tryAcquire(WINDOW, SECONDS, TimeUnit.SECONDS) || failure.get() != null) {
      throw new IOException("a znode per key: " + failure.get());
    }
    return puts / ((System.nanoTime() - start) / 1e9);
  }

  private static void note(int code, String path, AtomicReference<@Nullable String> failure) {
    if (code != KeeperException.Code.OK.intValue()) {
      failure.compareAndSet(null, path + " failed with code " + code);
    }
  }
}
