package io.larder.bench.wire;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * A blocking connection with the least possible work: it receives values into a buffer that it
 * reuses, and writes values from a shared one. Not thread-safe.
 */
final class LeanClient implements AutoCloseable {
  private static final byte[] OK = "+OK\r\n".getBytes(US_ASCII);

  private final SocketChannel channel;
  private final ByteBuffer in = ByteBuffer.allocateDirect(1 << 20);
  private final ByteBuffer out = ByteBuffer.allocateDirect(4096);
  private final ByteBuffer end = ByteBuffer.allocateDirect(2).put((byte) '\r').put((byte) '\n');

  LeanClient(String host, int port) throws IOException {
    channel = SocketChannel.open(new InetSocketAddress(host, port));
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
  }

  @Override
  public String toString() {
    return "the server at " + channel.socket().getRemoteSocketAddress();
  }

  /** Reads and discards a value; returns its length, or -1 if there is none. */
  long get(String key) throws IOException {
    out.clear();
    out.put("*2\r\n$3\r\nGET\r\n".getBytes(US_ASCII));
    bulk(key);
    writeAll(out.flip());
    in.clear();
    long length = readLength();
    if (length < 0) {
      return length;
    }
    long left = length + 2 - in.remaining();
    while (left > 0) {
      in.clear().limit((int) Math.min(left, in.capacity()));
      left -= readSome();
    }
    return length;
  }

  /** Writes {@code value}, from its position to its limit, which stay as they are. */
  void set(String key, ByteBuffer value) throws IOException {
    out.clear();
    out.put("*3\r\n$3\r\nSET\r\n".getBytes(US_ASCII));
    bulk(key);
    out.put(("$" + value.remaining() + "\r\n").getBytes(US_ASCII));
    ByteBuffer[] parts = {out.flip(), value.duplicate(), end.duplicate().flip()};
    while (parts[2].hasRemaining()) {
      channel.write(parts);
    }
    in.clear();
    while (in.position() < OK.length) {
      readSome();
    }
    in.flip();
    for (byte expected : OK) {
      if (in.get() != expected) {
        throw new IOException(
            "SET " + key + ": " + US_ASCII.decode(in.rewind()).toString().strip());
      }
    }
  }

  private void bulk(String text) {
    out.put(("$" + text.length() + "\r\n" + text + "\r\n").getBytes(US_ASCII));
  }

  /** Reads {@code $length}; received bytes of the value stay in {@link #in}. */
  private long readLength() throws IOException {
    while (true) {
      readSome();
      for (int i = 0; i < in.position(); i++) {
        if (in.get(i) == '\n') {
          String line = US_ASCII.decode(in.duplicate().flip().limit(i - 1)).toString();
          if (line.charAt(0) != '$') {
            throw new IOException("GET: " + line);
          }
          in.flip().position(i + 1);
          return Long.parseLong(line.substring(1));
        }
      }
    }
  }

  private int readSome() throws IOException {
    int got = channel.read(in);
    if (got < 0) {
      throw new EOFException("the server has closed the connection");
    }
    return got;
  }

  private void writeAll(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
