package io.larder.node.local;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Chooses free TCP ports of the loopback address. Ports not asked for by number come from below the
 * range that the system gives to outgoing connections, so that a node that is restarted finds its
 * port free. Not thread-safe.
 */
final class Ports {
  private static final int FROM = 20_000;
  private static final int TO = 32_000;
  private static final int ATTEMPTS = 1_000;

  private final Set<Integer> taken = new HashSet<>();

  /** The wanted port if it is free, else any. */
  int prefer(int wanted) throws LocalClusterException {
    return isFree(wanted) && taken.add(wanted) ? wanted : any();
  }

  /** Any free port. */
  int any() throws LocalClusterException {
    for (int i = 0; i < ATTEMPTS; i++) {
      int port = ThreadLocalRandom.current().nextInt(FROM, TO);
      if (isFree(port) && taken.add(port)) {
        return port;
      }
    }
    throw new LocalClusterException(
        "no free TCP port between " + FROM + " and " + TO + " on the loopback address", null);
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return socket.isBound();
    } catch (IOException e) {
      return false;
    }
  }
}
