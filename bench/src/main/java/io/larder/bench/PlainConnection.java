package io.larder.bench;

import io.larder.protocol.Tls;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A minimal blocking RESP2 connection, like that of a Redis client without Larder's code. One
 * request at a time; every wait ends after the timeout. For one thread.
 */
public final class PlainConnection implements AutoCloseable {
  private static final int MAX_REPLY_BYTES = 64 << 20;

  /** The node answered with an error. */
  public static final class RefusedException extends IOException {
    private static final long serialVersionUID = 1L;

    RefusedException(String message) {
      super(message);
    }
  }

  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;

  private PlainConnection(Socket socket) throws IOException {
    this.socket = socket;
    this.in = new BufferedInputStream(socket.getInputStream());
    this.out = new BufferedOutputStream(socket.getOutputStream());
  }

  /** Connects without TLS. */
  public static PlainConnection open(String host, int port, int timeoutMs) throws IOException {
    return open(host, port, timeoutMs, null);
  }

  /**
   * Connects.
   *
   * @param timeoutMs for connecting, and later for each read
   * @param tls null for a plain connection
   */
  public static PlainConnection open(String host, int port, int timeoutMs, @Nullable Tls tls)
      throws IOException {
    Socket socket = new Socket();
    try {
      socket.connect(new InetSocketAddress(host, port), timeoutMs);
      socket.setSoTimeout(timeoutMs);
      socket.setTcpNoDelay(true);
      return new PlainConnection(tls == null ? socket : tls.over(socket, host, port));
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** Sets the timeout of each read. */
  public void patience(int timeoutMs) throws IOException {
    socket.setSoTimeout(timeoutMs);
  }

  /**
   * Sends a name to the node. A node regards a session that has sent {@code CLIENT} or {@code
   * HELLO} as one that understands errors: OK to its SET means stored, not merely accepted.
   */
  public void introduce(String name) throws IOException {
    call(text("CLIENT"), text("SETNAME"), text(name));
  }

  /**
   * Sends a command and reads its reply, which must be a status, a number or a bulk string.
   *
   * @return the reply's bytes; empty for the null bulk string
   * @throws RefusedException if the node answers with an error
   */
  public Optional<byte[]> call(byte[]... words) throws IOException {
    send(words);
    return reply(readLine());
  }

  /**
   * Sends a command and reads its reply, which must be an array of the replies of {@link #call}.
   *
   * @return each element's bytes
   * @throws RefusedException if the node answers with an error
   */
  public List<byte[]> callForList(byte[]... words) throws IOException {
    send(words);
    String line = readLine();
    if (!line.matches("\\*\\d{1,6}")) {
      reply(line); // throws on an error
      throw new IOException("no array but '" + line + "'");
    }
    int count = Integer.parseInt(line.substring(1));
    List<byte[]> elements = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      elements.add(reply(readLine()).orElse(new byte[0]));
    }
    return elements;
  }

  private void send(byte[]... words) throws IOException {
    line('*', words.length);
    for (byte[] word : words) {
      line('$', word.length);
      out.write(word);
      out.write('\r');
      out.write('\n');
    }
    out.flush();
  }

  private Optional<byte[]> reply(String line) throws IOException {
    return switch (line.isEmpty() ? ' ' : line.charAt(0)) {
      case '+', ':' -> Optional.of(text(line.substring(1)));
      case '-' -> throw new RefusedException(line.substring(1));
      case '$' -> bulk(line.substring(1));
      default -> throw new IOException("no RESP2 reply but '" + line + "'");
    };
  }

  private Optional<byte[]> bulk(String length) throws IOException {
    if (!length.matches("-1|\\d{1,9}")) {
      throw new IOException("no RESP2 reply but '$" + length + "'");
    }
    int bytes = Integer.parseInt(length);
    if (bytes < 0) {
      return Optional.empty();
    }
    if (bytes > MAX_REPLY_BYTES) {
      throw new IOException("a reply of " + bytes + " bytes was not asked for");
    }
    byte[] body = in.readNBytes(bytes);
    if (body.length < bytes || !readLine().isEmpty()) {
      throw new EOFException("the connection ended inside a reply of " + bytes + " bytes");
    }
    return Optional.of(body);
  }

  private void line(char type, int number) throws IOException {
    out.write(text(type + Integer.toString(number) + "\r\n"));
  }

  private String readLine() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\r'; c = in.read()) {
      if (c < 0) {
        throw new EOFException("the node closed the connection");
      }
      if (line.length() > 64 << 10) {
        throw new IOException("no RESP2 reply: a line without end");
      }
      line.append((char) c);
    }
    if (in.read() != '\n') {
      throw new IOException("no RESP2 reply: a line without end");
    }
    return line.toString();
  }

  public static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
