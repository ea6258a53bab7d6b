package io.larder.protocol;

import org.jspecify.annotations.Nullable;

/**
 * The options of a {@link RespConnection}. Immutable.
 *
 * @param connectTimeoutMs the deadline of name lookup, TCP connect and HELLO exchange together, in
 *     ms
 * @param user the ACL user; null for the default user
 * @param password the password; null if the server requires none
 * @param clientName the name under which the server lists the connection; no spaces
 * @param maxPending the most requests that may await their replies on the connection
 * @param tls null for a plain connection
 */
public record ConnectionOptions(
    int connectTimeoutMs,
    @Nullable String user,
    @Nullable String password,
    String clientName,
    int maxPending,
    @Nullable Tls tls) {

  public static final int DEFAULT_CONNECT_TIMEOUT_MS = 2_000;
  public static final String DEFAULT_CLIENT_NAME = "larder";
  public static final int DEFAULT_MAX_PENDING = 1_024;

  /** The defaults: no password, {@value #DEFAULT_CONNECT_TIMEOUT_MS} ms, 1024 pending requests. */
  public static final ConnectionOptions DEFAULTS =
      new ConnectionOptions(
          DEFAULT_CONNECT_TIMEOUT_MS, null, null, DEFAULT_CLIENT_NAME, DEFAULT_MAX_PENDING, null);

  public ConnectionOptions {
    if (connectTimeoutMs < 1) {
      throw new IllegalArgumentException(
          "connectTimeoutMs is " + connectTimeoutMs + ": give at least 1");
    }
    if (clientName.isEmpty() || clientName.chars().anyMatch(c -> c <= ' ' || c > '~')) {
      throw new IllegalArgumentException(
          "clientName is '" + clientName + "': give printable ASCII without spaces");
    }
    if (maxPending < 1) {
      throw new IllegalArgumentException("maxPending is " + maxPending + ": give at least 1");
    }
  }

  public ConnectionOptions withConnectTimeoutMs(int timeoutMs) {
    return new ConnectionOptions(timeoutMs, user, password, clientName, maxPending, tls);
  }

  public ConnectionOptions withPassword(@Nullable String newPassword) {
    return new ConnectionOptions(connectTimeoutMs, user, newPassword, clientName, maxPending, tls);
  }

  public ConnectionOptions withClientName(String name) {
    return new ConnectionOptions(connectTimeoutMs, user, password, name, maxPending, tls);
  }

  public ConnectionOptions withMaxPending(int requests) {
    return new ConnectionOptions(connectTimeoutMs, user, password, clientName, requests, tls);
  }

  public ConnectionOptions withTls(@Nullable Tls newTls) {
    return new ConnectionOptions(connectTimeoutMs, user, password, clientName, maxPending, newTls);
  }

  /** Omits the password. */
  @Override
  public String toString() {
    return "ConnectionOptions[connectTimeoutMs="
        + connectTimeoutMs
        + ", clientName="
        + clientName
        + ", maxPending="
        + maxPending
        + (tls == null ? "]" : ", TLS]");
  }
}
