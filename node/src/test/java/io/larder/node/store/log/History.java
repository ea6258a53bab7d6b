package io.larder.node.store.log;

import io.larder.node.device.SimulatedDevice;
import io.larder.node.store.StoreException;
import io.larder.testing.Patience;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * One life of a store, drawn from a seed: puts, puts of keys that were there before, puts that are
 * discarded, deletes, pins, reads and checkpoints, several at a time, enough of them that segments
 * are sealed and reclaimed all the time.
 */
final class History {
  private static final int KEYS = 48;
  private static final int DEPTH = 6;

  private final SimulatedStore s;
  private final SplittableRandom random;
  private final List<CompletableFuture<?>> underWay = new ArrayList<>();
  private final Map<String, CompletableFuture<?>> busy = new HashMap<>();
  private final Set<String> pinned = new HashSet<>();
  private int version;

  private History(SimulatedStore s, long seed, int firstVersion) {
    this.s = s;
    this.random = new SplittableRandom(seed);
    this.version = firstVersion;
  }

  /** Lives so long and stops in the middle of things; the device's log tells what happened. */
  static void run(SimulatedStore s, long seed, int firstVersion, int operations) throws Exception {
    History history = new History(s, seed, firstVersion);
    for (int i = 0; i < operations; i++) {
      history.step();
    }
    history.settle(0);
  }

  static SimulatedDevice device(byte[][] image, long seed) {
    return SimulatedDevice.reordering(image, seed);
  }

  private void step() throws Exception {
    String key = "key" + random.nextInt(KEYS);
    CompletableFuture<?> last = busy.get(key);
    if (last != null) {
      await(last);
    }
    int what = random.nextInt(100);
    if (what < 62) {
      begin(key, s.put(key, ++version));
      pinned.remove(key);
    } else if (what < 67) {
      begin(key, s.discard(key, ++version));
    } else if (what < 79) {
      begin(key, s.delete(key));
      pinned.remove(key);
    } else if (what < 85) {
      if (pinned.size() < 6 && pinned.add(key)) {
        begin(key, s.pin(key, true));
      } else if (pinned.remove(key)) {
        begin(key, s.pin(key, false));
      }
    } else if (what < 95) {
      s.version(key);
    } else if (what < 98) {
      settle(0);
    } else {
      s.checkpoint();
    }
    settle(DEPTH);
  }

  private void begin(String key, CompletableFuture<?> operation) {
    underWay.add(operation);
    busy.put(key, operation);
  }

  private void settle(int atMost) throws Exception {
    while (underWay.size() > atMost) {
      await(underWay.removeFirst());
    }
  }

  private static void await(CompletableFuture<?> operation) throws Exception {
    try {
      Patience.get(operation);
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof StoreException)) { // such as a pin too many
        throw e;
      }
    }
  }
}
