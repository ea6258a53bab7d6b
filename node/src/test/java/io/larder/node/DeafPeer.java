package io.larder.node;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Stands before a server; from a moment on it passes nothing on and closes nothing, in both
 * directions, and takes new connections without a word: what a cut network or a half-open
 * connection looks like to either end.
 */
public final class DeafPeer implements AutoCloseable {
  private final ServerSocket listener;
  private final int serverPort;
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private volatile boolean deaf;

  public DeafPeer(int serverPort) throws IOException {
    this.serverPort = serverPort;
    this.listener = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
    daemon(this::accept);
  }

  public int port() {
    return listener.getLocalPort();
  }

  public String address() {
    return "127.0.0.1:" + port();
  }

  /** From now on it is as if the network were cut. */
  public void cut() {
    deaf = true;
  }

  /** Drops every connection, as those that were cut are dropped in the end, and passes on again. */
  public void heal() throws IOException {
    deaf = false;
    for (Socket socket : sockets) {
      socket.close();
    }
    sockets.clear();
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket client = listener.accept();
        sockets.add(client);
        connect(client);
      } catch (IOException e) {
        // The listener is closed.
      }
    }
  }

  private void connect(Socket client) {
    try {
      Socket server = new Socket(InetAddress.getLoopbackAddress(), serverPort);
      sockets.add(server);
      client.setTcpNoDelay(true);
      server.setTcpNoDelay(true);
      daemon(() -> pass(client, server));
      daemon(() -> pass(server, client));
    } catch (IOException e) {
      if (!deaf) {
        close(client); // no server is there
      }
    }
  }

  private void pass(Socket from, Socket to) {
    byte[] buffer = new byte[64 << 10];
    try {
      InputStream in = from.getInputStream();
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        if (!deaf) {
          to.getOutputStream().write(buffer, 0, read);
        }
      }
      if (!deaf) {
        from.close();
        to.close();
      }
    } catch (IOException e) {
      // One end has gone: the other hears of it only while there is a network.
      if (!deaf) {
        close(from);
        close(to);
      }
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // It is closed.
    }
  }

  private static void daemon(Runnable task) {
    Thread.ofPlatform().daemon().name("deaf-peer").start(task);
  }

  @Override
  public void close() throws IOException {
    listener.close();
    heal();
  }
}
