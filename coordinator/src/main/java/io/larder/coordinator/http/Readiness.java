package io.larder.coordinator.http;

/**
 * Whether the process should get work.
 *
 * @param reason what it is doing or waiting for, in a sentence
 */
public record Readiness(boolean ready, String reason) {
  /** Ready. */
  public static Readiness yes() {
    return new Readiness(true, "ready");
  }

  /** Not ready, and why. */
  public static Readiness no(String reason) {
    return new Readiness(false, reason);
  }
}
