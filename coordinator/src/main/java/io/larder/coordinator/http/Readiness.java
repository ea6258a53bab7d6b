package io.larder.coordinator.http;

/**
 * Whether the process should receive requests.
 *
 * @param reason its present activity or obstacle, in a sentence
 */
public record Readiness(boolean ready, String reason) {
  /** Ready. */
  public static Readiness yes() {
    return new Readiness(true, "ready");
  }

  /** Not ready, for a reason. */
  public static Readiness no(String reason) {
    return new Readiness(false, reason);
  }
}
