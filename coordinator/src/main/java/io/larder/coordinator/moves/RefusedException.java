package io.larder.coordinator.moves;

/** What was asked for cannot or must not be done; nothing was changed. The message says why. */
public final class RefusedException extends Exception {
  private static final long serialVersionUID = 1;

  public RefusedException(String message) {
    super(message);
  }

  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
