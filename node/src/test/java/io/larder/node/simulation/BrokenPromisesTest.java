package io.larder.node.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.larder.node.directory.BrokenRules;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Breaks one rule at a time: the simulation must notice each within so many of its first seeds. */
class BrokenPromisesTest {
  private static final int TRIES = 2_000;

  @AfterEach
  void asDesigned() {
    BrokenRules.mend();
  }

  private static void isNoticed(Broken broken) {
    for (long seed = 1; seed <= TRIES; seed++) {
      if (ClusterSimulation.run(seed, broken, false).violation() != null) {
        assertThat(mended(seed)).as("seed %d, mended", seed).isNull();
        return;
      }
    }
    throw new AssertionError("not noticed in " + TRIES + " seeds");
  }

  /** The same seed without what was broken: it is the broken rule that was noticed. */
  private static @Nullable String mended(long seed) {
    BrokenRules.mend();
    return ClusterSimulation.run(seed, Broken.NOTHING, false).violation();
  }

  @Test
  void actingBehindAClosedFenceIsNoticed() {
    isNoticed(Broken.FENCE);
  }

  @Test
  void believingAnEarlierEpochIsNoticed() {
    BrokenRules.EPOCH_CHECK.use();
    isNoticed(Broken.NOTHING);
  }

  @Test
  void announcingWithoutAPromiseIsNoticed() {
    BrokenRules.PROMISE.use();
    isNoticed(Broken.NOTHING);
  }

  @Test
  void takingOneRecordForAnotherIsNoticed() {
    BrokenRules.STAMP_COMPARE.use();
    isNoticed(Broken.NOTHING);
  }

  @Test
  void discardingWithoutATombstoneIsNoticed() {
    isNoticed(Broken.DISCARD);
  }

  @Test
  void keepingWhatADeleteHasDeclaredVoidIsNoticed() {
    isNoticed(Broken.VOIDING);
  }
}
