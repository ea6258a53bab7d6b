package io.larder.node.service;

/**
 * A request that failed in a way its sender should read about. The message is sent as a RESP error:
 * it starts with the kind in capitals, as in {@code TRYAGAIN slot 77 has no owner yet}, and names
 * the thing, the cause and the remedy. {@code TRYAGAIN} says that the request was refused at once,
 * {@code TIMEOUT} that it was waited for: cluster clients repeat the first by themselves, with the
 * whole payload, and not the second.
 */
public final class ServiceException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final Refusal refusal;

  /** A request that is malformed. */
  public ServiceException(String message) {
    this(Refusal.MALFORMED, message);
  }

  public ServiceException(Refusal refusal, String message) {
    super(message, null, false, false); // an answer, not a fault: no stack trace is wanted
    this.refusal = refusal;
  }

  /** A request that is malformed, and what showed it. */
  public ServiceException(String message, Throwable cause) {
    super(message, cause);
    this.refusal = Refusal.MALFORMED;
  }

  /** Why the request was refused. */
  public Refusal refusal() {
    return refusal;
  }

  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
