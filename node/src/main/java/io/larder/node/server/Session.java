package io.larder.node.server;

import io.larder.node.service.ClientId;
import java.net.SocketAddress;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * What a connection has said about itself. Written by its event loop; CLIENT LIST reads it from any
 * thread.
 */
final class Session {
  private final ClientId id;
  private final SocketAddress remote;
  private final SocketAddress local;
  private final long openedNanos = System.nanoTime();

  volatile boolean resp3;
  volatile boolean authenticated;
  volatile String name = "";
  volatile String library = "";
  volatile String libraryVersion = "";

  // Written at every command and so without a fence, which would wait until the bytes of the reply
  // before have left the processor.
  private final AtomicReference<String> lastCommand = new AtomicReference<>("");
  private final AtomicLong lastRequestNanos = new AtomicLong(openedNanos);

  // Written and read by the event loop only.
  private boolean plain = true;
  private final Transaction transaction = new Transaction();

  /** Whether the connection closes once its replies are sent. */
  boolean closing;

  Session(ClientId id, SocketAddress remote, SocketAddress local, boolean authenticated) {
    this.id = id;
    this.remote = remote;
    this.local = local;
    this.authenticated = authenticated;
  }

  ClientId id() {
    return id;
  }

  /**
   * Whether neither HELLO nor CLIENT came: whoever sends them takes an error for what it is.
   * LMCache's native client sends neither, and an error would leave it out of step for ever.
   */
  boolean isPlain() {
    return plain;
  }

  /** HELLO or CLIENT came. */
  void introduced() {
    plain = false;
  }

  /** The commands that are queued. */
  Transaction transaction() {
    return transaction;
  }

  void requested(String command, long atNanos) {
    lastCommand.setOpaque(command);
    lastRequestNanos.setOpaque(atNanos);
  }

  /** A line of CLIENT LIST. */
  String describe() {
    long now = System.nanoTime();
    String command = lastCommand.getOpaque();
    return "id="
        + id.number()
        + " addr="
        + address(remote)
        + " laddr="
        + address(local)
        + " name="
        + name
        + " age="
        + (now - openedNanos) / 1_000_000_000
        + " idle="
        + (now - lastRequestNanos.getOpaque()) / 1_000_000_000
        + " flags=N db=0 cmd="
        + (command.isEmpty() ? "NULL" : command)
        + " user=default lib-name="
        + library
        + " lib-ver="
        + libraryVersion
        + " resp="
        + (resp3 ? 3 : 2);
  }

  private static String address(SocketAddress address) {
    String text = String.valueOf(address);
    return text.substring(text.indexOf('/') + 1);
  }
}
