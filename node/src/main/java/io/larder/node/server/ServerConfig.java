package io.larder.node.server;

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
 * @param idleTimeoutMs after which a connection without a request is closed; 0 means never, since
 *     LMCache's native client does not reconnect
 * @param requestTimeoutMs within which a request, its payload apart, must have arrived whole
 * @param progressGraceMs how long a payload may lag behind {@code minBytesPerSecond}
 * @param minBytesPerSecond at which a put's payload must arrive, and at which a reply must be taken
 *     while others wait for memory
 * @param slowReaderTimeoutMs after which a connection that takes nothing of its replies is closed
 * @param memoryWaitMs how long a put waits for memory before it is told to try again
 * @param setWaitMs how long SET waits while another writes the key
 * @param commandTimeoutMs after which a command is answered with an error whatever the node does;
 *     the waits a client asks for come on top
 */
public record ServerConfig(
    String host,
    int port,
    Transport transport,
    int eventLoops,
    int maxConnections,
    @Nullable String password,
    long idleTimeoutMs,
    long requestTimeoutMs,
    long progressGraceMs,
    long minBytesPerSecond,
    long slowReaderTimeoutMs,
    long memoryWaitMs,
    long setWaitMs,
    long commandTimeoutMs) {

  /** How sockets are served. */
  public enum Transport {
    /** {@link #EPOLL} where it is available, else {@link #NIO}. */
    AUTO,
    IO_URING,
    EPOLL,
    NIO
  }

  public ServerConfig {
    check(port >= 0 && port <= 65535, "port", port, "0 to 65535");
    check(eventLoops >= 0, "eventLoops", eventLoops, "0 or more");
    check(maxConnections > 0, "maxConnections", maxConnections, "1 or more");
    check(idleTimeoutMs >= 0, "idleTimeoutMs", idleTimeoutMs, "0 or more");
    check(requestTimeoutMs > 0, "requestTimeoutMs", requestTimeoutMs, "1 or more");
    check(progressGraceMs > 0, "progressGraceMs", progressGraceMs, "1 or more");
    check(minBytesPerSecond > 0, "minBytesPerSecond", minBytesPerSecond, "1 or more");
    check(slowReaderTimeoutMs > 0, "slowReaderTimeoutMs", slowReaderTimeoutMs, "1 or more");
    check(memoryWaitMs > 0, "memoryWaitMs", memoryWaitMs, "1 or more");
    check(setWaitMs >= 0, "setWaitMs", setWaitMs, "0 or more");
    check(commandTimeoutMs > 0, "commandTimeoutMs", commandTimeoutMs, "1 or more");
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
        0,
        30_000,
        5_000,
        1 << 20,
        30_000,
        30_000,
        10_000,
        60_000);
  }

  public ServerConfig withTransport(Transport transport) {
    return new ServerConfig(
        host,
        port,
        transport,
        eventLoops,
        maxConnections,
        password,
        idleTimeoutMs,
        requestTimeoutMs,
        progressGraceMs,
        minBytesPerSecond,
        slowReaderTimeoutMs,
        memoryWaitMs,
        setWaitMs,
        commandTimeoutMs);
  }

  public ServerConfig withPassword(@Nullable String password) {
    return new ServerConfig(
        host,
        port,
        transport,
        eventLoops,
        maxConnections,
        password,
        idleTimeoutMs,
        requestTimeoutMs,
        progressGraceMs,
        minBytesPerSecond,
        slowReaderTimeoutMs,
        memoryWaitMs,
        setWaitMs,
        commandTimeoutMs);
  }

  public ServerConfig withMaxConnections(int maxConnections) {
    return new ServerConfig(
        host,
        port,
        transport,
        eventLoops,
        maxConnections,
        password,
        idleTimeoutMs,
        requestTimeoutMs,
        progressGraceMs,
        minBytesPerSecond,
        slowReaderTimeoutMs,
        memoryWaitMs,
        setWaitMs,
        commandTimeoutMs);
  }

  /** Sets how long a peer may stall: in a request, in a payload, in taking replies. */
  public ServerConfig withPatience(
      long idleTimeoutMs, long requestTimeoutMs, long progressGraceMs, long slowReaderTimeoutMs) {
    return new ServerConfig(
        host,
        port,
        transport,
        eventLoops,
        maxConnections,
        password,
        idleTimeoutMs,
        requestTimeoutMs,
        progressGraceMs,
        minBytesPerSecond,
        slowReaderTimeoutMs,
        memoryWaitMs,
        setWaitMs,
        commandTimeoutMs);
  }

  /** Sets how long the server lets a command wait: for memory, for another writer, in all. */
  public ServerConfig withWaits(long memoryWaitMs, long setWaitMs, long commandTimeoutMs) {
    return new ServerConfig(
        host,
        port,
        transport,
        eventLoops,
        maxConnections,
        password,
        idleTimeoutMs,
        requestTimeoutMs,
        progressGraceMs,
        minBytesPerSecond,
        slowReaderTimeoutMs,
        memoryWaitMs,
        setWaitMs,
        commandTimeoutMs);
  }

  private static void check(boolean good, String name, long value, String allowed) {
    if (!good) {
      throw new IllegalArgumentException(
          "server." + name + " is " + value + ": allowed is " + allowed);
    }
  }
}
