package io.larder.bench;

/** A call has no answer long after its deadline: the run ends, since its buffer is not its own. */
final class HangException extends RuntimeException {
  private static final long serialVersionUID = 1;

  HangException(String message) {
    super(message);
  }
}
