package io.larder.testkit.local;

import java.util.List;
import java.util.function.Function;

/**
 * The location of a process of a local cluster.
 *
 * @param host the address it listens on
 * @param launcher the words to put before its command; none to run it as it is
 */
public record ProcessLocation(String host, List<String> launcher) {
  /** Every process on the loopback address, whatever its name. */
  public static final Function<String, ProcessLocation> LOOPBACK =
      _ -> new ProcessLocation("127.0.0.1", List.of());

  public ProcessLocation {
    launcher = List.copyOf(launcher);
  }
}
