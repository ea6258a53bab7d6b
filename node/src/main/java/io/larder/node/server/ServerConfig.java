package io.larder.node.server;

import io.larder.node.server.wire.MinimumRate;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The RESP server's configuration.
 *
 * @param host the address to bind
 * @param port the port to bind; 0 takes a free one
 * @param transport how sockets are served
 * @param eventLoops threads that serve connections; 0 means one per core
 * @param maxConnections the most connections; a further one gets an error and is closed
 * @param password the password that clients must send with AUTH or HELLO; null for none
 * @param tls how connections are encrypted; null for plain ones
 * @param plainSessions the reply in place of an error to a client that sent neither HELLO nor
 *     CLIENT
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

  /** The reply to a client that sent neither HELLO nor CLIENT, in place of an error on keys. */
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
   * @param requestTimeoutMs within which a request, except its payload, must arrive
   * @param progressGraceMs how long a payload may lag behind {@code minBytesPerSecond}
   * @param minBytesPerSecond at which a put's payload must arrive, and a reply be taken while other
   *     requests wait for memory
   * @param slowReaderTimeoutMs within which a peer must take some of its replies' bytes
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
   * @param memoryMs a put for memory
   * @param setMs SET for another writer of the key or the slot's owner, from its last byte
   * @param plainSetMs SET of a plain session for those or for memory; and how long its DEL is
   *     retried
   * @param commandMs any command; the waits that a client asks for are added
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
    return with(copy -> copy.transport = other);
  }

  public ServerConfig withEventLoops(int other) {
    return with(copy -> copy.eventLoops = other);
  }

  public ServerConfig withMaxConnections(int other) {
    return with(copy -> copy.maxConnections = other);
  }

  public ServerConfig withPassword(@Nullable String other) {
    return with(copy -> copy.password = other);
  }

  public ServerConfig withTls(@Nullable ServerTls other) {
    return with(copy -> copy.tls = other);
  }

  public ServerConfig withPlainSessions(PlainSessions other) {
    return with(copy -> copy.plainSessions = other);
  }

  public ServerConfig withPatience(Patience other) {
    return with(copy -> copy.patience = other);
  }

  public ServerConfig withWaits(Waits other) {
    return with(copy -> copy.waits = other);
  }

  private ServerConfig with(Consumer<Copy> change) {
    Copy copy = new Copy(this);
    change.accept(copy);
    return new ServerConfig(
        host,
        port,
        copy.transport,
        copy.eventLoops,
        copy.maxConnections,
        copy.password,
        copy.tls,
        copy.plainSessions,
        copy.patience,
        copy.waits);
  }

  /** The components that {@link #with} may change. */
  private static final class Copy {
    Transport transport;
    int eventLoops;
    int maxConnections;
    @Nullable String password;
    @Nullable ServerTls tls;
    PlainSessions plainSessions;
    Patience patience;
    Waits waits;

    Copy(ServerConfig of) {
      transport = of.transport;
      eventLoops = of.eventLoops;
      maxConnections = of.maxConnections;
      password = of.password;
      tls = of.tls;
      plainSessions = of.plainSessions;
      patience = of.patience;
      waits = of.waits;
    }
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
