package io.larder.testkit.local;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Reserves TCP ports of the loopback address for processes that will bind them later. A reservation
 * is a listening socket on the same port of {@value #GUARD}, which Larder uses for nothing else:
 * the system gives it to one cluster at a time, and takes it back when that cluster's process ends,
 * independent of its children.
 *
 * <p>Ports without a requested number come from below the range that the system gives to outgoing
 * connections, so that a node that is restarted finds its port free. Not thread-safe.
 */
final class Ports implements AutoCloseable {
  private static final String GUARD = "127.77.0.1";
  private static final int FROM = 20_000;
  private static final int TO = 32_000;
  private static final int ATTEMPTS = 1_000;

  private final Map<Integer, ServerSocket> reserved = new HashMap<>();

  /** Any free port. */
  int any() throws LocalClusterException {
    for (int i = 0; i < ATTEMPTS; i++) {
      int port = ThreadLocalRandom.current().nextInt(FROM, TO);
      if (reserve(port)) {
        return port;
      }
    }
    throw new LocalClusterException(
        "no free TCP port between " + FROM + " and " + TO + " on the loopback address", null);
  }

  /** Reserves a port; false if it is in use, reserved, or not for this user to bind. */
  boolean reserve(int port) {
    if (reserved.containsKey(port)) {
      return false;
    }
    ServerSocket guard = null;
    boolean free = false;
    try {
      guard = listen(GUARD, port);
      free = isFree(port);
      if (free) {
        reserved.put(port, guard);
      }
      return free;
    } catch (IOException _) {
      return false;
    } finally {
      if (guard != null && !free) {
        close(guard);
      }
    }
  }

  /** Whether a port of the loopback address has no listener now. */
  static boolean isFree(int port) {
    try (ServerSocket socket = listen(InetAddress.getLoopbackAddress().getHostAddress(), port)) {
      return socket.isBound();
    } catch (IOException _) {
      return false;
    }
  }

  private static ServerSocket listen(String host, int port) throws IOException {
    ServerSocket socket = new ServerSocket();
    try {
      socket.bind(new InetSocketAddress(InetAddress.getByName(host), port), 1);
      return socket;
    } catch (IOException e) {
      close(socket);
      throw e;
    }
  }

  private static void close(ServerSocket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new IllegalStateException("a listening socket cannot be closed", e);
    }
  }

  /** Releases every port. */
  @Override
  public void close() {
    reserved.values().forEach(Ports::close);
    reserved.clear();
  }
}
