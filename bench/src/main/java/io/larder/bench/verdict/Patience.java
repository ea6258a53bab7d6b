package io.larder.bench.verdict;

import java.time.Duration;

/** The times that a run waits before it reports a broken promise; ample even on a busy machine. */
public final class Patience {
  /** The time past its deadline after which a call counts as hanging. */
  public static final Duration HANG = Duration.ofSeconds(60);

  /** The time within which a cluster must be settled, blocks readable and second copies gone. */
  public static final Duration SETTLED = Duration.ofMinutes(10);

  private Patience() {}
}
