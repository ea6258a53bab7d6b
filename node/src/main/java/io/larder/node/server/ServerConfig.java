package io.larder.node.server;

import io.larder.node.server.wire.MinimumRate;
import org.jspecify.annotations.Nullable;

/**
 * How the RESP server is set up.
 *
 * @param host the address to bind
 * @param port the port to bind; 0 takes a free one
 * @param transport how sockets are served
 * @param eventLoops threads that serve connections; 0 means one per core
 * @param maxConnections beyond which a new connection gets an error and is closed
 * @param password what clients must send with AUTH or HELLO; null if nothing
 * @param tls how connections are encrypted; null for plain ones
 * @param plainSessions what a client that sent neither HELLO nor CLIENT gets for an error
 * @param patience how long a connection may stall
 * @param waits how long the server lets a command wait
 */
public record ServerConfig(
    String host,
    int port,
    Transport transport,
    int eventLoops,
    int maxConnections,
    @Nullable String password,
    @Nullable ServerTls tls,
    PlainSessions plainSessions,
    Patience patience,
    Waits waits) {

  /** How sockets are served. */
  public enum Transport {
    /** {@link #EPOLL} where it is available, else {@link #NIO}. */
    AUTO,
    IO_URING,
    EPOLL,
    NIO
  }

  /** What a client that sent neither HELLO nor CLIENT gets for an error to a command on keys. */
  public enum PlainSessions {
    /** The answer a cache may give: a miss, or OK for a put that is dropped. */
    ANSWER,
    /** The error, then the end of the connection. */
    CLOSE
  }

  /**
   * How long a connection may stall before it is closed.
   *
   * @param idleTimeoutMs without a request; 0 means for ever, since LMCache's native client does
   *     not reconnect
   * @param requestTimeoutMs within which a request, its payload apart, must have arrived whole
   * @param progressGraceMs how long a payload may lag behind {@code minBytesPerSecond}
   * @param minBytesPerSecond at which a put's payload must arrive, and at which a reply must be
   *     taken while others wait for memory
   * @param slowReaderTimeoutMs without taking anything of its replies
   */
  public record Patience(
      long idleTimeoutMs,
      long requestTimeoutMs,
      long progressGraceMs,
      long minBytesPerSecond,
      long slowReaderTimeoutMs) {
    public static final Patience DEFAULT = new Patience(0, 30_000, 5_000, 1 << 20, 30_000);

    public Patience {
      check(idleTimeoutMs >= 0, "idleTimeoutMs", idleTimeoutMs, "0 or more");
      check(requestTimeoutMs > 0, "requestTimeoutMs", requestTimeoutMs, "1 or more");
      check(progressGraceMs > 0, "progressGraceMs", progressGraceMs, "1 or more");
      check(minBytesPerSecond > 0, "minBytesPerSecond", minBytesPerSecond, "1 or more");
      check(slowReaderTimeoutMs > 0, "slowReaderTimeoutMs", slowReaderTimeoutMs, "1 or more");
    }

    MinimumRate minimumRate() {
      return new MinimumRate(progressGraceMs, minBytesPerSecond);
    }
  }

  /**
   * How long the server lets a command wait.
   *
   * @param memoryMs a put for memory, before it is told to try again
   * @param setMs SET for others, from its last byte: another writer of the key, the slot's owner
   * @param plainSetMs SET of a plain session for others and for memory, and its DEL for others
   * @param commandMs any command, whatever the node does; the waits a client asks for come on top
   */
  public record Waits(long memoryMs, long setMs, long plainSetMs, long commandMs) {
    public static final Waits DEFAULT = new Waits(30_000, 3_000, 2_000, 60_000);

    public Waits {
      check(memoryMs > 0, "memoryMs", memoryMs, "1 or more");
      check(setMs >= 0, "setMs", setMs, "0 or more");
      check(plainSetMs >= 0, "plainSetMs", plainSetMs, "0 or more");
      check(commandMs > 0, "commandMs", commandMs, "1 or more");
    }
  }

  public ServerConfig {
    check(port >= 0 && port <= 65535, "port", port, "0 to 65535");
    check(eventLoops >= 0, "eventLoops", eventLoops, "0 or more");
    check(maxConnections > 0, "maxConnections", maxConnections, "1 or more");
  }

  /** The defaults at an address, without a password. */
  public static ServerConfig at(String host, int port) {
    return new ServerConfig(
        host,
        port,
        Transport.AUTO,
        0,
        4096,
        null,
        null,
        PlainSessions.ANSWER,
        Patience.DEFAULT,
        Waits.DEFAULT);
  }

  public ServerConfig withTransport(Transport other) {
    return new ServerConfig(
        host,
        port,
        other,
        eventLoops,
        maxConnections,
        password,
        tls,
        plainSessions,
        patience,
        waits);
  }

  public ServerConfig withEventLoops(int other) {
    return new ServerConfig(
        host,
        port,
        transport,
        other,
        maxConnections,
        password,
        tls,
        plainSessions,
        patience,
        waits);
  }

  public ServerConfig withPassword(@Nullable String other) {
    return new ServerConfig(
        host,
        port,
        transport,
        eventLoops,
        maxConnections,
        other,
        tls,
        plainSessions,
        patience,
        waits);
  }

  public ServerConfig withTls(@Nullable ServerTls other) {
    return new ServerConfig(
        host,
        port,
        transport,
        eventLoops,
        maxConnections,
        password,
        other,
        plainSessions,
        patience,
        waits);
  }

  public ServerConfig withMaxConnections(int other) {
    return new ServerConfig(
        host, port, transport, eventLoops, other, password, tls, plainSessions, patience, waits);
  }

  public ServerConfig withPlainSessions(PlainSessions other) {
    return new ServerConfig(
        host, port, transport, eventLoops, maxConnections, password, tls, other, patience, waits);
  }

  public ServerConfig withPatience(Patience other) {
    return new ServerConfig(
        host,
        port,
        transport,
        eventLoops,
        maxConnections,
        password,
        tls,
        plainSessions,
        other,
        waits);
  }

  public ServerConfig withWaits(Waits other) {
    return new ServerConfig(
        host,
        port,
        transport,
        eventLoops,
        maxConnections,
        password,
        tls,
        plainSessions,
        patience,
        other);
  }

  /** Whether plain sessions are answered in place of an error. */
  public boolean answersPlainSessions() {
    return plainSessions == PlainSessions.ANSWER;
  }

  private static void check(boolean good, String name, long value, String allowed) {
    if (!good) {
      throw new IllegalArgumentException(
          "server." + name + " is " + value + ": allowed is " + allowed);
    }
  }
}
