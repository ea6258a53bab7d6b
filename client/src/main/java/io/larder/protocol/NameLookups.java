package io.larder.protocol;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Looks names up off the event loops: the JDK's lookup blocks its thread for many seconds if a name
 * server does not answer. Each lookup has a thread; concurrent lookups of one name share it.
 * Thread-safe.
 */
final class NameLookups {
  private static final ConcurrentHashMap<String, CompletableFuture<InetAddress>> RUNNING =
      new ConcurrentHashMap<>();

  private NameLookups() {}

  /**
   * Resolves a name; a literal address resolves to itself.
   *
   * @return a future of the caller's own; it may take as long as the system resolver
   */
  static CompletableFuture<InetAddress> lookUp(String host) {
    byte[] literal = NetUtil.createByteArrayFromIpAddressString(host);
    if (literal != null) {
      try {
        return CompletableFuture.completedFuture(InetAddress.getByAddress(host, literal));
      } catch (UnknownHostException e) {
        return CompletableFuture.failedFuture(e);
      }
    }
    CompletableFuture<InetAddress> mine = new CompletableFuture<>();
    CompletableFuture<InetAddress> running = RUNNING.putIfAbsent(host, mine);
    if (running != null) {
      return running.copy();
    }
    Thread thread = new Thread(() -> resolve(host, mine), "larder-lookup-" + host);
    thread.setDaemon(true);
    thread.start();
    return mine.copy();
  }

  private static void resolve(String host, CompletableFuture<InetAddress> result) {
    InetAddress address = null;
    Throwable failure = null;
    try {
      address = InetAddress.getByName(host);
    } catch (UnknownHostException | RuntimeException e) {
      failure = e;
    }
    RUNNING.remove(host, result); // before completion: later callers look up again
    if (address != null) {
      result.complete(address);
    } else {
      result.completeExceptionally(failure == null ? new UnknownHostException(host) : failure);
    }
  }
}
