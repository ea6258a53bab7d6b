package io.larder.coordinator.config;

import java.util.List;

/** A configuration that cannot be used; names every problem found, not only the first. */
public final class ConfigException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final transient List<String> problems;

  ConfigException(String source, List<String> problems) {
    super(source + ":\n  " + String.join("\n  ", problems));
    this.problems = List.copyOf(problems);
  }

  /** Each problem: the key, what is wrong with it, what is allowed. */
  public List<String> problems() {
    return problems;
  }
}
