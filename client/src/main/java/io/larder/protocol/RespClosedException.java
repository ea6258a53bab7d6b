package io.larder.protocol;

import org.jspecify.annotations.Nullable;

/**
 * The connection is closed, could not be made, or ended while the request was in flight: whether
 * the server acted on it is unknown.
 */
public final class RespClosedException extends RespException {
  private static final long serialVersionUID = 1;

  public RespClosedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
