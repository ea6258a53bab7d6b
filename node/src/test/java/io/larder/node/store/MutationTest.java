package io.larder.node.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.larder.node.device.SimulatedDevice;
import io.larder.node.device.SimulatedDevice.Kind;
import io.larder.node.device.SimulatedDevice.Outcome;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Breaks one rule of the store at a time: the crash tests must notice each. */
class MutationTest {
  private static final StoreConfig.Durability WRITTEN = StoreConfig.Durability.WRITTEN;
  private static final Logger LOG = (Logger) LoggerFactory.getLogger("io.larder.node.store");
  private static final long DEADLINE_SECONDS = 60;
  private static final int TRIES = 20;

  @BeforeAll
  static void recoveriesAreNotLogged() {
    LOG.setLevel(Level.OFF);
  }

  @AfterAll
  static void othersAre() {
    LOG.setLevel(null);
  }

  @AfterEach
  void asDesigned() {
    Rules.now = new Rules();
  }

  /** The threads are real, so what a broken rule does may need more than one try to come about. */
  private static void isNoticed(Rules broken, ThrowingCallable test) {
    Rules.now = broken;
    assertThatThrownBy(
            () -> {
              for (int i = 0; i < TRIES; i++) {
                test.call();
              }
            })
        .isInstanceOf(AssertionError.class);
  }

  /** Lives on and on until a crash shows something wrong; the deadline passes only if none does. */
  private static void manyLives() throws Exception {
    CrashCheck check = new CrashCheck(WRITTEN);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_SECONDS);
    for (long seed = 1; System.nanoTime() < end; seed++) {
      CrashTest.lives(check, WRITTEN, seed, end);
    }
  }

  @Test
  void skippingTheNonceIsNoticed() {
    assertThatCode(MutationTest::aFormattedDeviceHoldsNothingOfItsFormerLife)
        .doesNotThrowAnyException();
    isNoticed(
        new Rules() {
          @Override
          boolean sameWriting(int generation, Nonce nonce, int expected, Nonce expectedNonce) {
            return generation == expected;
          }
        },
        MutationTest::aFormattedDeviceHoldsNothingOfItsFormerLife);
  }

  private static void aFormattedDeviceHoldsNothingOfItsFormerLife() throws Exception {
    SimulatedDevice device = SimulatedDevice.prompt(SimulatedStore.formatted());
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      for (int i = 0; i < 30; i++) {
        var _ = s.put("former" + i, 1).get(20, TimeUnit.SECONDS);
      }
    }
    byte[][] again = SimulatedStore.format(device.image(), SimulatedStore.SEGMENTS);
    SimulatedDevice second = SimulatedDevice.prompt(again);
    try (SimulatedStore s = SimulatedStore.open(second, WRITTEN)) {
      var _ = s.put("new", 1).get(20, TimeUnit.SECONDS);
    }
    try (SimulatedStore s = SimulatedStore.open(SimulatedDevice.prompt(second.image()), WRITTEN)) {
      assertThat(s.version("new")).isEqualTo(1);
      for (int i = 0; i < 30; i++) {
        assertThat(s.version("former" + i)).isZero();
      }
    }
  }

  @Test
  void skippingTheGenerationIsNoticed() {
    assertThatCode(MutationTest::aSegmentHeaderOfThePastIsRejected).doesNotThrowAnyException();
    isNoticed(
        new Rules() {
          @Override
          int lowestGeneration(int tableGeneration) {
            return 0;
          }
        },
        MutationTest::aSegmentHeaderOfThePastIsRejected);
  }

  private static void aSegmentHeaderOfThePastIsRejected() throws Exception {
    SimulatedDevice device = SimulatedDevice.prompt(SimulatedStore.formatted());
    try (SimulatedStore s = SimulatedStore.open(device, WRITTEN)) {
      var _ = s.put("first", 1).get(20, TimeUnit.SECONDS);
      long header =
          s.store.volume().geometry().segmentOffset(Location.stampSegment(stamp(s, "first")));
      // Whatever is written to this header is lost, though the device says it is not.
      device.faults((kind, offset, bytes) ->
          kind == Kind.WRITE && offset == header ? new Outcome.Lost() : SimulatedDevice.DONE);
      for (int i = 0; !s.evicted.contains("first"); i++) {
        var _ = s.put("churn" + i, 1).get(20, TimeUnit.SECONDS);
      }
      s.checkpoint();
    }
    try (SimulatedStore s = SimulatedStore.open(SimulatedDevice.prompt(device.image()), WRITTEN)) {
      assertThat(s.version("first")).isZero();
    }
  }

  private static long stamp(SimulatedStore s, String name) {
    return s.store.find(SimulatedStore.key(name).slot(), SimulatedStore.key(name).fingerprint());
  }

  @Test
  void trustingAFooterAloneIsNoticed() {
    isNoticed(
        new Rules() {
          @Override
          boolean sameFooter(int generation, Nonce nonce, int expected, Nonce expectedNonce) {
            return true;
          }
        },
        MutationTest::manyLives);
  }

  @Test
  void writingTheNewerSideIsNoticed() {
    isNoticed(
        new Rules() {
          @Override
          int sideToWrite(int olderSide) {
            return 1 - olderSide;
          }
        },
        () -> CrashTest.shortLife(new CrashCheck(WRITTEN), WRITTEN));
  }

  @Test
  void droppingATombstoneEarlyIsNoticed() {
    isNoticed(
        new Rules() {
          @Override
          boolean carriesTombstones() {
            return false;
          }
        },
        MutationTest::manyLives);
  }

  @Test
  void acknowledgingBeforeCompletionIsNoticed() {
    isNoticed(
        new Rules() {
          @Override
          void beforeWrite(List<Append> appends) {
            for (Append append : appends) {
              boolean _ = append.done.complete(append);
            }
          }
        },
        MutationTest::manyLives);
  }
}
