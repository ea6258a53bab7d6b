package io.larder.node.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Whole clusters of production's nodes in one thread each, against everything that can go wrong.
 *
 * <p>{@code -Dlarder.sim.seed=N} runs one seed and shows its history; {@code -Dlarder.sim.seeds=N}
 * runs so many, from {@code -Dlarder.sim.from=N} on.
 */
@Tag("simulation")
class SimulationTest {
  private static final int SEEDS = 10_000;
  private static final int THREADS = 2;

  @Test
  void everySeedKeepsThePromises() throws Exception {
    Long only = Long.getLong("larder.sim.seed");
    if (only != null) {
      Outcome outcome = ClusterSimulation.run(only, Mutant.NOTHING, true);
      System.out.println(outcome.trace());
      assertThat(outcome.violation()).isNull();
      return;
    }
    long from = Long.getLong("larder.sim.from", 1);
    long end = from + Long.getLong("larder.sim.seeds", SEEDS);
    AtomicLong next = new AtomicLong(from);
    List<Future<?>> threads = new ArrayList<>();
    try (ExecutorService pool = Executors.newFixedThreadPool(THREADS)) {
      for (int i = 0; i < THREADS; i++) {
        threads.add(
            pool.submit(() -> {
              for (long seed; (seed = next.getAndIncrement()) < end; ) {
                ClusterSimulation.check(seed);
              }
            }));
      }
      for (Future<?> thread : threads) {
        try {
          thread.get();
        } catch (ExecutionException e) {
          next.set(end); // the others need not go on
          if (e.getCause() instanceof AssertionError broken) {
            throw broken;
          }
          throw e;
        }
      }
    }
  }

  @Test
  void aSeedReplaysExactly() {
    for (long seed = 1; seed <= 5; seed++) {
      Outcome first = ClusterSimulation.run(seed, Mutant.NOTHING, true);
      Outcome second = ClusterSimulation.run(seed, Mutant.NOTHING, true);
      assertThat(withoutAddresses(first)).isNotEmpty().isEqualTo(withoutAddresses(second));
    }
  }

  /** A trace prints arrays by where they lie in memory, which no two runs share. */
  private static String withoutAddresses(Outcome outcome) {
    return outcome.trace().replaceAll("\\[B@[0-9a-f]+", "bytes");
  }
}
