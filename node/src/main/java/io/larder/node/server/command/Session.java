package io.larder.node.server.command;

import io.larder.node.service.ClientId;
import java.net.SocketAddress;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A connection as its client has described it. Written by its event loop; CLIENT LIST reads it from
 * any thread.
 */
public final class Session {
  private final ClientId id;
  private final SocketAddress remote;
  private final SocketAddress local;
  private final long openedNanos = System.nanoTime();

  private volatile boolean resp3;
  private volatile boolean authenticated;
  volatile String name = "";
  volatile String library = "";
  volatile String libraryVersion = "";

  // Written at every command and so without a fence, which would wait until the bytes of the reply
  // before have left the processor.
  private final AtomicReference<String> lastCommand = new AtomicReference<>("");
  private final AtomicLong lastRequestNanos = new AtomicLong(openedNanos);

  // Written and read by the event loop only.
  private boolean plain = true;
  private boolean quit;
  private final Transaction transaction;

  public Session(
      ClientId id,
      SocketAddress remote,
      SocketAddress local,
      boolean authenticated,
      TransactionBudget budget) {
    this.id = id;
    this.remote = remote;
    this.local = local;
    this.authenticated = authenticated;
    this.transaction = new Transaction(budget);
  }

  public ClientId id() {
    return id;
  }

  /** Whether replies are written in RESP3. */
  public boolean isResp3() {
    return resp3;
  }

  void setResp3(boolean on) {
    resp3 = on;
  }

  /** Whether the client has given the password, or none is configured. */
  public boolean isAuthenticated() {
    return authenticated;
  }

  void setAuthenticated(boolean on) {
    authenticated = on;
  }

  /** Whether QUIT came. */
  public boolean hasQuit() {
    return quit;
  }

  void quit() {
    quit = true;
  }

  /**
   * Whether neither HELLO nor CLIENT came: clients that send them read errors. LMCache's native
   * client sends neither, and an error would leave it out of step for ever.
   */
  public boolean isPlain() {
    return plain;
  }

  /** HELLO or CLIENT came. */
  public void introduced() {
    plain = false;
  }

  /** The commands between MULTI and EXEC. */
  public Transaction transaction() {
    return transaction;
  }

  /** A request has arrived whole. */
  public void requested(String command, long atNanos) {
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
