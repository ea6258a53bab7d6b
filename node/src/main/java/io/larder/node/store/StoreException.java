package io.larder.node.store;

/**
 * A request that the store refuses or cannot fulfil; the message names the thing, the cause and the
 * remedy.
 */
public final class StoreException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public StoreException(String message) {
    super(message);
  }

  public StoreException(String message, Throwable cause) {
    super(message, cause);
  }
}
