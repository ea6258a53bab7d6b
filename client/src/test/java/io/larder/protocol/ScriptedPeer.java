package io.larder.protocol;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A TCP server that reads RESP commands with code of its own and answers each with what the script
 * says: the test decides every byte.
 */
public final class ScriptedPeer implements AutoCloseable {

  /** Answers one command; the arguments are ISO 8859-1 text, so that every byte survives. */
  public interface Script {
    void answer(List<String> command, OutputStream out) throws IOException;
  }

  private final ServerSocket listener;
  private final Script script;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final AtomicInteger accepted = new AtomicInteger();

  public ScriptedPeer(Script script) throws IOException {
    this.listener = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
    this.script = script;
    start(this::accept);
  }

  /** A peer that greets and then answers every command with these bytes. */
  public static ScriptedPeer answering(byte[] bytes) throws IOException {
    return new ScriptedPeer((command, out) -> out.write(bytes));
  }

  public int port() {
    return listener.getLocalPort();
  }

  public String address() {
    return "127.0.0.1:" + port();
  }

  public int accepted() {
    return accepted.get();
  }

  /** Drops every connection, and goes on accepting. */
  public void dropConnections() throws IOException {
    for (Socket socket : open) {
      socket.close();
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
    dropConnections();
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket socket = listener.accept();
        socket.setTcpNoDelay(true);
        open.add(socket);
        accepted.incrementAndGet();
        start(() -> serve(socket));
      } catch (IOException e) {
        return;
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      InputStream in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
      OutputStream out = socket.getOutputStream();
      for (List<String> command = read(in); !command.isEmpty(); command = read(in)) {
        if (command.get(0).equals("HELLO")) {
          out.write("%1\r\n+server\r\n+scripted\r\n".getBytes(ISO_8859_1));
        } else {
          script.answer(command, out);
        }
        out.flush();
      }
    } catch (IOException | UncheckedIOException e) {
      // the client went away or the test dropped the connection: the end of this one
    } finally {
      open.remove(socket);
    }
  }

  private static List<String> read(InputStream in) throws IOException {
    String header = line(in);
    List<String> arguments = new ArrayList<>();
    if (header.isEmpty()) {
      return arguments;
    }
    int count = Integer.parseInt(header.substring(1));
    for (int i = 0; i < count; i++) {
      int length = Integer.parseInt(line(in).substring(1));
      arguments.add(new String(in.readNBytes(length), ISO_8859_1));
      in.skipNBytes(2);
    }
    return arguments;
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int b = in.read(); b >= 0 && b != '\n'; b = in.read()) {
      if (b != '\r') {
        line.append((char) b);
      }
    }
    return line.toString();
  }

  private static void start(Runnable body) {
    Thread thread = new Thread(body, "scripted-peer");
    thread.setDaemon(true);
    thread.start();
  }
}
