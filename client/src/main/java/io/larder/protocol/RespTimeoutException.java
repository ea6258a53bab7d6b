package io.larder.protocol;

/** A request's deadline passed before its whole reply had arrived. */
public final class RespTimeoutException extends RespException {
  private static final long serialVersionUID = 1;

  public RespTimeoutException(String message) {
    super(message);
  }
}
