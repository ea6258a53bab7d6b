package io.larder.node.service;

/**
 * A request that failed with an error for its sender. The message is sent as a RESP error: it
 * starts with the kind in capitals, as in {@code TRYAGAIN slot 77 has no owner yet}, and names the
 * thing, the cause and the remedy. {@code TRYAGAIN} means refused at once, {@code TIMEOUT} refused
 * after a wait: cluster clients retry after the first, with the whole payload, and not after the
 * second.
 */
public final class ServiceException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final Refusal refusal;

  /** A request that is malformed. */
  public ServiceException(String message) {
    this(Refusal.MALFORMED, message);
  }

  public ServiceException(Refusal refusal, String message) {
    super(message, null, false, false); // an answer, not a fault: it needs no stack trace
    this.refusal = refusal;
  }

  /** A request that is malformed, with the cause. */
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
