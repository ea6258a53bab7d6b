package io.larder.bench.faults;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A client that behaves as LMCache's native one: neither HELLO nor CLIENT, one request at a time,
 * and replies taken by the byte length of the expected one. After an unexpected reply it keeps its
 * socket, with the rest of that reply in it, and never connects again. For one thread.
 */
public final class ByteCounter implements AutoCloseable {
  private static final String NIL = "$-1\r\n";

  /** The ways of reading a reply. */
  public enum Reading {
    /**
     * So many bytes, as LMCache 0.5.6 does. A nil is shorter than the expected reply; the real
     * client hangs on it for ever, this one counts it as a miss.
     */
    BY_COUNT,
    /** To the end of the line, as later releases do. */
    BY_LINE
  }

  /** The outcome of a call. */
  public enum Outcome {
    YES,
    NO,
    /** A reply of other bytes; its rest is still unread. */
    OUT_OF_STEP,
    /** No reply in time. */
    HUNG,
    /** The connection has ended, and every later call ends like this. */
    DEAD
  }

  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;
  private final Reading reading;
  private boolean dead;
  private long nils;

  private ByteCounter(Socket socket, Reading reading) throws IOException {
    this.socket = socket;
    this.in = new BufferedInputStream(socket.getInputStream());
    this.out = new BufferedOutputStream(socket.getOutputStream());
    this.reading = reading;
  }

  /**
   * Connects, once only.
   *
   * @param timeoutMs for connecting, and later for each read
   */
  public static ByteCounter connect(String host, int port, Reading reading, int timeoutMs)
      throws IOException {
    Socket socket = new Socket();
    try {
      socket.connect(new InetSocketAddress(host, port), timeoutMs);
      socket.setSoTimeout(timeoutMs);
      socket.setTcpNoDelay(true);
      return new ByteCounter(socket, reading);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** The number of nils to a GET, on each of which LMCache 0.5.6 would hang. */
  public long nils() {
    return nils;
  }

  /** Puts a value; yes means accepted, not yet stored. */
  public Outcome set(String key, byte[] value) {
    return call(() -> {
      send("SET", key, value);
      return head("+OK\r\n".length()).equals("+OK\r\n") ? Outcome.YES : Outcome.OUT_OF_STEP;
    });
  }

  public Outcome exists(String key) {
    return call(() -> number("EXISTS", key));
  }

  public Outcome delete(String key) {
    return call(() -> number("DEL", key));
  }

  /** Reads a value of exactly {@code into.length} bytes, at least ten. */
  public Outcome get(String key, byte[] into) {
    return call(() -> {
      send("GET", key, null);
      String expected = "$" + into.length + "\r\n";
      String head = head(NIL.length());
      if (head.equals(NIL)) {
        nils++;
        return Outcome.NO;
      }
      if (reading == Reading.BY_COUNT) {
        head += head(expected.length() - NIL.length());
      }
      if (!head.equals(expected)) {
        return Outcome.OUT_OF_STEP;
      }
      byte[] rest = bytes(into.length + 2);
      System.arraycopy(rest, 0, into, 0, into.length);
      return Outcome.YES;
    });
  }

  private Outcome number(String command, String key) throws IOException {
    send(command, key, null);
    return switch (head(":0\r\n".length())) {
      case ":1\r\n" -> Outcome.YES;
      case ":0\r\n" -> Outcome.NO;
      default -> Outcome.OUT_OF_STEP;
    };
  }

  private interface Exchange {
    Outcome run() throws IOException;
  }

  private Outcome call(Exchange exchange) {
    if (dead) {
      return Outcome.DEAD;
    }
    try {
      return exchange.run();
    } catch (SocketTimeoutException _) {
      return Outcome.HUNG;
    } catch (IOException _) {
      dead = true;
      return Outcome.DEAD;
    }
  }

  private void send(String command, String key, byte @Nullable [] value) throws IOException {
    byte[] name = key.getBytes(UTF_8);
    int words = value == null ? 2 : 3;
    line("*" + words);
    line("$" + command.length());
    line(command);
    line("$" + name.length);
    line(key);
    if (value != null) {
      line("$" + value.length);
      out.write(value);
      line("");
    }
    out.flush();
  }

  private void line(String text) throws IOException {
    out.write((text + "\r\n").getBytes(UTF_8));
  }

  /** Reads the beginning of a reply: so many bytes, or the whole line. */
  private String head(int length) throws IOException {
    if (reading == Reading.BY_COUNT) {
      return new String(bytes(length), ISO_8859_1);
    }
    StringBuilder line = new StringBuilder();
    while (line.isEmpty() || line.charAt(line.length() - 1) != '\n') {
      line.append((char) bytes(1)[0]);
    }
    return line.toString();
  }

  private byte[] bytes(int length) throws IOException {
    byte[] read = in.readNBytes(length);
    if (read.length < length) {
      throw new EOFException("the node closed the connection");
    }
    return read;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
