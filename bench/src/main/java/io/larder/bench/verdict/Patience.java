package io.larder.bench.verdict;

import java.time.Duration;

/** How long a run waits before it calls something broken. A busy machine needs a part of it. */
public final class Patience {
  /** A call that is so long past its deadline hangs. */
  public static final Duration HANG = Duration.ofSeconds(60);

  /** A cluster must be settled, every block readable and every second copy gone, after so long. */
  public static final Duration SETTLED = Duration.ofMinutes(10);

  private Patience() {}
}
