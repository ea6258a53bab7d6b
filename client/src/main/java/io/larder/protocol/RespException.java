package io.larder.protocol;

import org.jspecify.annotations.Nullable;

/**
 * A request to a RESP server failed. Its kinds are the subclasses {@link RespTimeoutException},
 * {@link RespClosedException}, {@link RespErrorException}; this class itself reports that the
 * server violated the protocol or that a bound of the connection is reached.
 */
public class RespException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public RespException(String message) {
    super(message);
  }

  public RespException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
