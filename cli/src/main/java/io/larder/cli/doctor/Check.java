package io.larder.cli.doctor;

/**
 * The result of one check.
 *
 * @param name the name of the check in README's list
 * @param state the result
 * @param finding the observed value
 * @param remedy the remedy; empty if none is needed
 */
public record Check(String name, State state, String finding, String remedy) {
  /** The result of a check. */
  public enum State {
    /** As required. */
    OK,
    /** Something works less well, or a tool that only tests and benchmarks use is missing. */
    NOTE,
    /** Larder cannot run. */
    MISSING
  }

  static Check ok(String name, String finding) {
    return new Check(name, State.OK, finding, "");
  }

  static Check note(String name, String finding, String remedy) {
    return new Check(name, State.NOTE, finding, remedy);
  }

  static Check missing(String name, String finding, String remedy) {
    return new Check(name, State.MISSING, finding, remedy);
  }

  /** Whether Larder cannot run. */
  public boolean isMissing() {
    return state == State.MISSING;
  }
}
