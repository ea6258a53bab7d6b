package io.larder.protocol;

import org.jspecify.annotations.Nullable;

/**
 * The connection is closed, could not be made, or ended while the request was in flight. The server
 * may or may not have executed the request.
 */
public final class RespClosedException extends RespException {
  private static final long serialVersionUID = 1;

  public RespClosedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
