package io.larder.coordinator.lease;

import io.larder.testing.Patience;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands between a session and its server and, when told, loses the answer to the next large
 * request: the request reaches the server, its effect is awaited, then the connection breaks.
 */
final class LosingProxy implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LosingProxy.class);

  /** Bytes without a pause that only a transaction over many slots has. */
  private static final int LARGE_BYTES = 30_000;

  private final ServerSocket listener;
  private final int serverPort;
  private volatile BooleanSupplier effect = () -> true;
  private volatile boolean armed;
  final AtomicInteger lost = new AtomicInteger();

  LosingProxy(int serverPort) throws IOException {
    this.serverPort = serverPort;
    this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    daemon(this::accept);
  }

  String address() {
    return "127.0.0.1:" + listener.getLocalPort();
  }

  /** Loses the answer to the next large request once {@code effect} is to be seen. */
  void loseNextAnswer(BooleanSupplier effectSeen) {
    effect = effectSeen;
    armed = true;
  }

  private void accept() {
    try {
      while (true) {
        Socket client = listener.accept();
        Socket server = new Socket(InetAddress.getLoopbackAddress(), serverPort);
        Swallow swallow = new Swallow();
        daemon(() -> toServer(client, server, swallow));
        daemon(() -> toClient(client, server, swallow));
      }
    } catch (IOException e) {
      LOG.debug("proxy ends", e);
    }
  }

  private static final class Swallow {
    volatile boolean on;
  }

  private void toServer(Socket client, Socket server, Swallow swallow) {
    byte[] buffer = new byte[16 << 10];
    int burst = 0;
    try (client;
        server) {
      InputStream in = client.getInputStream();
      OutputStream out = server.getOutputStream();
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        burst = read < 1_000 && in.available() == 0 ? 0 : burst + read;
        boolean trigger = armed && burst > LARGE_BYTES;
        if (trigger) {
          armed = false;
          swallow.on = true;
        }
        out.write(buffer, 0, read);
        if (swallow.on && awaitEffect(in, out, buffer)) {
          lost.incrementAndGet();
          return; // closes both: ConnectionLoss at the client
        }
      }
    } catch (IOException e) {
      LOG.debug("proxied connection ends", e);
    }
  }

  /** Goes on forwarding until the effect is seen. */
  private boolean awaitEffect(InputStream in, OutputStream out, byte[] buffer) throws IOException {
    long deadlineNs = System.nanoTime() + Patience.limit().toNanos();
    while (System.nanoTime() < deadlineNs) {
      if (in.available() > 0) {
        out.write(buffer, 0, in.read(buffer));
      } else if (effect.getAsBoolean()) {
        return true;
      }
      Thread.onSpinWait();
    }
    throw new IOException("the effect was never seen");
  }

  private static void toClient(Socket client, Socket server, Swallow swallow) {
    byte[] buffer = new byte[16 << 10];
    try (client;
        server) {
      InputStream in = server.getInputStream();
      OutputStream out = client.getOutputStream();
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        if (!swallow.on) {
          out.write(buffer, 0, read);
        }
      }
    } catch (IOException e) {
      LOG.debug("proxied connection ends", e);
    }
  }

  private static void daemon(Runnable task) {
    Thread.ofPlatform().daemon().name("losing-proxy").start(task);
  }

  @Override
  public void close() throws IOException {
    listener.close();
  }
}
