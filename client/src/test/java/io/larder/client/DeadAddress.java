package io.larder.client;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;

/** An address where nobody listens, kept so that nobody else gets it. */
final class DeadAddress implements AutoCloseable {
  private final Socket bound = new Socket();

  DeadAddress() throws IOException {
    bound.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  }

  /** {@code host:port}. */
  @Override
  public String toString() {
    return "127.0.0.1:" + bound.getLocalPort();
  }

  @Override
  public void close() throws IOException {
    bound.close();
  }
}
