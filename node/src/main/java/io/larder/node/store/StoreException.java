package io.larder.node.store;

/** The store cannot do what it was asked; the message names the thing, the cause and the remedy. */
public final class StoreException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public StoreException(String message) {
    super(message);
  }

  public StoreException(String message, Throwable cause) {
    super(message, cause);
  }
}
