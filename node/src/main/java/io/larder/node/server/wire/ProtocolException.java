package io.larder.node.server.wire;

/** The peer does not speak RESP, or more than may be read past was announced: no way to go on. */
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
