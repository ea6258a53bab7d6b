package io.larder.cli.doctor;

/**
 * One thing that was looked at.
 *
 * @param name what, as README's list calls it
 * @param state how it is
 * @param finding what was found
 * @param remedy what to do; empty if nothing is to be done
 */
public record Check(String name, State state, String finding, String remedy) {
  /** How a thing is. */
  public enum State {
    /** As wished. */
    OK,
    /** Something works less well, or a tool that only tests and benchmarks use is not there. */
    NOTE,
    /** Larder cannot run so. */
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

  /** Whether Larder cannot run so. */
  public boolean isMissing() {
    return state == State.MISSING;
  }
}
