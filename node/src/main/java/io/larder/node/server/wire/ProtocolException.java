package io.larder.node.server.wire;

/** The peer does not speak RESP, or has announced too much to skip: the connection must close. */
public final class ProtocolException extends Exception {
  private static final long serialVersionUID = 1;

  public ProtocolException(String message) {
    super(message, null, false, false);
  }

  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
