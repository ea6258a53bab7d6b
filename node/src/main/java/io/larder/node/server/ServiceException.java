package io.larder.node.server;

/**
 * A request that failed in a way its sender should read about. The message is sent as a RESP error:
 * it starts with the kind in capitals, as in {@code TRYAGAIN slot 77 has no owner yet}, and names
 * the thing, the cause and the remedy.
 */
public final class ServiceException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public ServiceException(String message) {
    super(message, null, false, false); // an answer, not a fault: no stack trace is wanted
  }

  public ServiceException(String message, Throwable cause) {
    super(message, cause);
  }

  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
