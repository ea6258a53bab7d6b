package io.larder.node.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.larder.node.directory.BrokenRules;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Breaks one rule at a time: the simulation must notice each within a bounded number of seeds. A
 * change of the protocol shifts what each seed does; if one is no longer noticed from its first
 * seed on, look for another with {@code -Dlarder.sim.tries=10000}.
 */
class BrokenPromisesTest {
  private static final int TRIES = Integer.getInteger("larder.sim.tries", 1_000);

  @AfterEach
  void asDesigned() {
    BrokenRules.mend();
  }

  private static void isNoticed(Broken broken, long firstSeed) {
    for (long seed = firstSeed; seed < firstSeed + TRIES; seed++) {
      if (ClusterSimulation.run(seed, broken, false).violation() != null) {
        assertThat(mended(seed)).as("seed %d, mended", seed).isNull();
        return;
      }
    }
    throw new AssertionError("not noticed in " + TRIES + " seeds from " + firstSeed + " on");
  }

  /** The same seed without what was broken: it is the broken rule that was noticed. */
  private static @Nullable String mended(long seed) {
    BrokenRules.mend();
    return ClusterSimulation.run(seed, Broken.NOTHING, false).violation();
  }

  @Test
  void actingBehindAClosedFenceIsNoticed() {
    isNoticed(Broken.FENCE, 1);
  }

  @Test
  void believingAnEarlierEpochIsNoticed() {
    BrokenRules.EPOCH_CHECK.use();
    isNoticed(Broken.NOTHING, 890);
  }

  @Test
  void announcingWithoutAPromiseIsNoticed() {
    BrokenRules.PROMISE.use();
    isNoticed(Broken.NOTHING, 890);
  }

  @Test
  void takingOneRecordForAnotherIsNoticed() {
    BrokenRules.STAMP_COMPARE.use();
    isNoticed(Broken.NOTHING, 1);
  }

  @Test
  void discardingWithoutATombstoneIsNoticed() {
    isNoticed(Broken.DISCARD, 1);
  }
}
