package io.larder.node.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Breaks one rule at a time: the simulation must notice each within its first {@value #TRIES}
 * seeds.
 */
@Tag("simulation")
class BrokenPromisesTest {
  private static final int TRIES = 2_000;

  private static void isNoticed(Mutant mutant) {
    for (long seed = 1; seed <= TRIES; seed++) {
      if (ClusterSimulation.run(seed, mutant, false).violation() != null) {
        assertThat(mended(seed)).as("seed %d, mended", seed).isNull();
        return;
      }
    }
    throw new AssertionError("not noticed in " + TRIES + " seeds");
  }

  /** The violation of the same seed with all rules, which must be none. */
  private static @Nullable String mended(long seed) {
    return ClusterSimulation.run(seed, Mutant.NOTHING, false).violation();
  }

  @Test
  void actingBehindAClosedFenceIsNoticed() {
    isNoticed(Mutant.FENCE);
  }

  @Test
  void believingAnEarlierEpochIsNoticed() {
    isNoticed(Mutant.EPOCH_CHECK);
  }

  @Test
  void announcingWithoutAPromiseIsNoticed() {
    isNoticed(Mutant.PROMISE);
  }

  @Test
  void takingOneRecordForAnotherIsNoticed() {
    isNoticed(Mutant.STAMP_COMPARE);
  }

  @Test
  void discardingWithoutATombstoneIsNoticed() {
    isNoticed(Mutant.DISCARD);
  }

  @Test
  void keepingWhatADeleteHasDeclaredVoidIsNoticed() {
    isNoticed(Mutant.VOIDING);
  }
}
