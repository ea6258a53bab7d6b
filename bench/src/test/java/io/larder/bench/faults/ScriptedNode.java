package io.larder.bench.faults;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.larder.bench.faults.ByteCounter.Reading;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** A node that has said all it will say before it is asked. */
final class ScriptedNode implements AutoCloseable {
  private final ServerSocket listener;
  private final byte[] replies;
  private Socket accepted = new Socket();

  ScriptedNode(String replies) throws IOException {
    this(replies.getBytes(ISO_8859_1));
  }

  ScriptedNode(byte[] replies) throws IOException {
    this.replies = replies.clone();
    this.listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
  }

  ByteCounter connect(Reading reading, int timeoutMs) throws IOException {
    ByteCounter client =
        ByteCounter.connect("127.0.0.1", listener.getLocalPort(), reading, timeoutMs);
    accepted = listener.accept();
    accepted.getOutputStream().write(replies);
    return client;
  }

  void hangUp() throws IOException {
    accepted.close();
  }

  @Override
  public void close() throws IOException {
    accepted.close();
    listener.close();
  }
}
