package io.larder.node.store.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.larder.node.device.CrashImages;
import io.larder.node.device.SimulatedDevice;
import io.larder.node.device.SimulatedDevice.Event;
import io.larder.node.store.StoreConfig;
import io.larder.testing.Patience;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;

/**
 * Crashes a store at every moment and looks at what is left. {@code -Dlarder.crash.seconds=N} makes
 * the seeded runs as long as one likes, {@code -Dlarder.crash.seed=S} begins with a seed that
 * failed.
 */
class CrashTest {
  private static final long SECONDS = Long.getLong("larder.crash.seconds", 3);
  private static final long SEED = Long.getLong("larder.crash.seed", 20_261_120);
  private static final int LIVES = 3;
  private static final int OPERATIONS = 150;
  private static final int CRASHES_A_LIFE = 16;

  private static final Logger LOG = (Logger) LoggerFactory.getLogger("io.larder.node.store");

  @BeforeAll
  static void thousandsOfRecoveriesAreNotLogged() {
    LOG.setLevel(Level.OFF);
  }

  @AfterAll
  static void othersAre() {
    LOG.setLevel(null);
  }

  @ParameterizedTest
  @EnumSource(StoreConfig.Durability.class)
  @Survives(
      value = FaultRow.REORDERED,
      notAs = {"doesNotWaitForTheFlush", "trustsAFooterAlone", "acknowledgesBeforeCompletion"})
  void whatWasAcknowledgedIsThereWheneverItCrashes(StoreConfig.Durability durability)
      throws Exception {
    CrashCheck check = new CrashCheck(durability);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    long seed = SEED;
    for (; System.nanoTime() < end; seed++) {
      lives(check, durability, seed, end);
    }
    System.out.printf(
        "crash test, %s: %d crashes, seeds %d to %d%n", durability, check.checks(), SEED, seed - 1);
    assertThat(check.checks()).isPositive();
  }

  /** Some lives on one device, each beginning with what a crash of the one before left. */
  static void lives(CrashCheck check, StoreConfig.Durability durability, long seed, long end)
      throws Exception {
    SplittableRandom random = new SplittableRandom(seed);
    byte[][] image = SimulatedStore.formatted();
    Ledger ledger = new Ledger();
    for (int life = 0; life < LIVES && System.nanoTime() < end; life++) {
      SimulatedDevice device = History.device(image, random.nextLong());
      try (SimulatedStore s = SimulatedStore.open(device, durability)) {
        History.run(s, random.nextLong(), life * 10_000, OPERATIONS);
      } catch (Exception e) {
        throw new AssertionError("seed " + seed + ", life " + life, e);
      }
      List<Event> log = device.log();
      TreeSet<Integer> stops = new TreeSet<>();
      while (stops.size() < CRASHES_A_LIFE) {
        stops.add(1 + random.nextInt(log.size()));
      }
      CrashImages images = new CrashImages(image, log, durability == StoreConfig.Durability.FLUSH);
      byte[][] next = image;
      Ledger nextLedger = ledger;
      int at = 0;
      for (int stop : stops) {
        for (; at < stop; at++) {
          CrashCheck.follow(ledger, images.next());
        }
        next =
            switch (random.nextInt(4)) {
              case 0 -> images.least();
              case 1 -> images.most();
              default -> images.sample(random);
            };
        String where = "seed " + seed + ", life " + life + ", event " + at;
        Map<String, CrashCheck.Found> found = check.check(where, next, ledger, random);
        nextLedger = ledger.copy();
        for (Map.Entry<String, CrashCheck.Found> one : found.entrySet()) {
          if (one.getValue().version() != Ledger.ABSENT) {
            nextLedger.found(one.getKey(), one.getValue().version(), one.getValue().pinned());
          }
        }
      }
      image = next;
      ledger = nextLedger;
    }
  }

  @ParameterizedTest
  @EnumSource(StoreConfig.Durability.class)
  @Survives(
      value = FaultRow.TEAR,
      notAs = {"believesTornValues", "writesTheNewerSide"})
  void everyPrefixOfAShortLifeTornAtEverySectorRecovers(StoreConfig.Durability durability)
      throws Exception {
    CrashCheck check = new CrashCheck(durability);
    shortLife(check, durability);
    System.out.printf("crash test, %s: %d crashes of a short life%n", durability, check.checks());
  }

  /** A short life that has everything in it, crashed everywhere. */
  static void shortLife(CrashCheck check, StoreConfig.Durability durability) throws Exception {
    byte[][] image = SimulatedStore.formatted();
    SimulatedDevice device = SimulatedDevice.prompt(image);
    try (SimulatedStore s = SimulatedStore.open(device, durability)) {
      for (int i = 0; i < 5; i++) {
        Patience.get(s.put("a" + i, 1));
      }
      s.checkpoint();
      assertThat(Patience.get(s.delete("a1"))).isTrue();
      Patience.get(s.put("a1", 2));
      Patience.get(s.put("a2", 2));
      Patience.get(s.discard("a3", 2));
      assertThat(Patience.get(s.pin("a4", true))).isTrue();
      s.checkpoint();
      for (int i = 0; i < 4; i++) { // seals a segment
        Patience.get(s.put("b" + i, 1));
      }
      assertThat(Patience.get(s.delete("a2"))).isTrue();
    }
    CrashImages images =
        new CrashImages(image, device.log(), durability == StoreConfig.Durability.FLUSH);
    Ledger ledger = new Ledger();
    SplittableRandom random = new SplittableRandom(SEED);
    for (int event = 1; images.hasNext(); event++) {
      Event what = images.next();
      CrashCheck.follow(ledger, what);
      String where = "event " + event;
      check.check(where, images.least(), ledger, random);
      int sectors = what instanceof Event.Submitted ? images.newestSectors() : 0;
      int step = Math.max(1, sectors / 10); // all of a header, some of a value
      for (int torn = 1; torn <= sectors; torn += step) {
        check.check(where + " torn at " + torn, images.torn(torn), ledger, random);
      }
    }
  }

  @Test
  void theSameCrashRecoveredTwiceGivesTheSame() throws Exception {
    SimulatedDevice device = History.device(SimulatedStore.formatted(), SEED);
    try (SimulatedStore s = SimulatedStore.open(device, StoreConfig.Durability.WRITTEN)) {
      History.run(s, SEED, 0, 2 * OPERATIONS);
    }
    byte[][] image = device.image();
    RecoveredRecordsImage first = RecoveredRecordsImage.of(image);
    assertThat(first.records()).isNotEmpty();
    assertThat(RecoveredRecordsImage.of(image)).isEqualTo(first);
  }
}
