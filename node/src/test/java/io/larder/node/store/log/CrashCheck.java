package io.larder.node.store.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.larder.node.device.CrashImages;
import io.larder.node.device.SimulatedDevice;
import io.larder.node.device.SimulatedDevice.Event;
import io.larder.node.store.StoreConfig;
import io.larder.testing.Patience;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;

/**
 * Recovers from the image that a crash left and holds what is found against the ledger; then
 * crashes the recovery too, recovers again, and compares.
 */
final class CrashCheck {
  private final StoreConfig.Durability durability;
  private int checks;

  CrashCheck(StoreConfig.Durability durability) {
    this.durability = durability;
  }

  /** What was found of a key. */
  record Found(int version, boolean pinned) {}

  int checks() {
    return checks;
  }

  /** Events of a life applied to the ledger while going through its crashes. */
  static void follow(Ledger ledger, Event event) {
    if (event instanceof Event.Note(Ledger.Note note)) {
      ledger.apply(note);
    }
  }

  /** Checks one image; {@code where} names it so that it can be made again. */
  Map<String, Found> check(String where, byte[][] image, Ledger ledger, SplittableRandom random) {
    checks++;
    SimulatedDevice device = SimulatedDevice.prompt(image);
    Map<String, Found> found;
    try (SimulatedStore s = SimulatedStore.open(device, durability)) {
      found = compare(where, s, ledger);
    } catch (Exception e) {
      throw new AssertionError(where + ": recovery failed", e);
    }
    // A crash in that recovery, and in what it did next.
    List<Event> log = device.log();
    Ledger after = ledger.copy();
    Map<Long, Long> there;
    try {
      there = RecoveredRecordsImage.of(image).records();
    } catch (IOException e) {
      throw new AssertionError(where, e);
    }
    found.forEach((key, one) -> {
      boolean was = there.containsKey(SimulatedStore.key(key).fingerprint());
      if (one.version() == Ledger.ABSENT && was) { // reclaim dropped it before it was read
        after.maybe(key, ledger.allowed(key));
      } else {
        after.found(key, one.version(), one.pinned());
      }
    });
    CrashImages images = new CrashImages(image, log, durability == StoreConfig.Durability.FLUSH);
    int stop = random.nextInt(log.size() + 1);
    for (int i = 0; i < stop; i++) {
      follow(after, images.next());
    }
    SimulatedDevice again = SimulatedDevice.prompt(images.sample(random));
    try (SimulatedStore s = SimulatedStore.open(again, durability)) {
      compare(where + ", second recovery", s, after);
    } catch (Exception e) {
      throw new AssertionError(where + ": the second recovery failed", e);
    }
    return found;
  }

  /** Whether reclaim has dropped the key; it says so just after it has. */
  private static boolean wasEvicted(SimulatedStore s, String key) {
    long end = System.nanoTime() + Patience.limit().toNanos();
    while (!s.evicted.contains(key) && System.nanoTime() < end) {
      LockSupport.parkNanos(100_000);
    }
    return s.evicted.contains(key);
  }

  private static Map<String, Found> compare(String where, SimulatedStore s, Ledger ledger)
      throws Exception {
    Map<String, Found> found = new TreeMap<>();
    for (String key : ledger.keys()) {
      int version = s.version(key);
      boolean pinned = s.isPinned(key);
      boolean lost = version == Ledger.ABSENT && !ledger.allowed(key).contains(version);
      boolean gone = lost && !ledger.isPinned(key) && wasEvicted(s, key);
      if (!gone && !ledger.allowed(key).contains(version)) {
        throw new AssertionError(
            where
                + ": "
                + key
                + " has version "
                + version
                + ", not of "
                + ledger.allowed(key)
                + DeviceDump.of(s.device.firstImage(), key));
      }
      if (ledger.isPinned(key) && version != Ledger.ABSENT && !pinned) {
        throw new AssertionError(where + ": " + key + " is not pinned any more");
      }
      found.put(key, new Found(version, pinned));
    }
    assertThat(s.store.stats().checksumFailures()).as(where + ": checksum failures").isZero();
    assertThat(s.store.recovery().checkpointSequence())
        .as(where + ": a finished checkpoint is not lost")
        .isGreaterThanOrEqualTo(ledger.checkpoint());
    return found;
  }
}
