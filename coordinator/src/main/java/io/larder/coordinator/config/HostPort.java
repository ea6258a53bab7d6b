package io.larder.coordinator.config;

/**
 * An address as people write it: {@code host:port}, an IPv6 address in brackets.
 *
 * @param host name or address, without brackets
 * @param port 0 to 65535; 0 = any free one, for a listener
 */
public record HostPort(String host, int port) {
  /**
   * Reads {@code host:port}.
   *
   * @throws IllegalArgumentException if it is not of that form
   */
  public static HostPort parse(String text) {
    int colon = text.lastIndexOf(':');
    try {
      if (colon > 0) {
        int port = Integer.parseInt(text.substring(colon + 1));
        String host = text.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
          host = host.substring(1, host.length() - 1);
        }
        if (port >= 0 && port <= 65_535 && !host.isEmpty()) {
          return new HostPort(host, port);
        }
      }
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("'" + text + "' is no host:port", e);
    }
    throw new IllegalArgumentException("'" + text + "' is no host:port");
  }

  @Override
  public String toString() {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }
}
