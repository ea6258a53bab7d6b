package io.larder.protocol;

/** The server answered with an error; the connection stays usable. */
public final class RespErrorException extends RespException {
  private static final long serialVersionUID = 1;

  public RespErrorException(String message) {
    super(message);
  }

  /** The error's first word, such as {@code ERR} or {@code TRYAGAIN}. */
  public String kind() {
    String message = String.valueOf(getMessage());
    int space = message.indexOf(' ');
    return space < 0 ? message : message.substring(0, space);
  }
}
