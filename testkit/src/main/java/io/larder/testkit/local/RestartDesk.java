package io.larder.testkit.local;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.function.Consumer;

/**
 * Accepts requests of the same user's other processes to restart an ended part of a running local
 * cluster. The folder's file {@code control}, readable by its owner only, holds a port of the
 * loopback address and a secret. A request is one line, {@code SECRET NAME}; the answer is lines to
 * show, then {@code done} or {@code failed}.
 *
 * <p>Each request has a thread of its own.
 */
public final class RestartDesk implements AutoCloseable {
  private static final String DONE = "done";
  private static final String FAILED = "failed";
  private static final int SECRET_BYTES = 16;
  private static final int BACKLOG = 8;
  private static final int REQUEST_MS = 10_000;

  private final LocalCluster cluster;
  private final Path file;
  private final ServerSocket socket;
  private final String secret;

  private RestartDesk(LocalCluster cluster, Path file, ServerSocket socket, String secret) {
    this.cluster = cluster;
    this.file = file;
    this.socket = socket;
    this.secret = secret;
  }

  /**
   * Opens the desk of a cluster.
   *
   * @throws IOException if no port is free or the file cannot be written
   */
  public static RestartDesk open(LocalCluster cluster) throws IOException {
    byte[] random = new byte[SECRET_BYTES];
    new SecureRandom().nextBytes(random);
    String secret = HexFormat.of().formatHex(random);
    Path file = ClusterFolder.control(cluster.root());
    ServerSocket socket = new ServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress());
    RestartDesk desk = new RestartDesk(cluster, file, socket, secret);
    try {
      Files.deleteIfExists(file);
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Files.writeString(file, socket.getLocalPort() + " " + secret + "\n");
    } catch (IOException e) {
      socket.close();
      throw e;
    }
    Thread.ofVirtual().name("larder-restart-desk").start(desk::serve);
    return desk;
  }

  private void serve() {
    while (!socket.isClosed()) {
      try {
        Socket client = socket.accept();
        Thread.ofVirtual().start(() -> answer(client));
      } catch (IOException _) {
        return; // closed
      }
    }
  }

  private void answer(Socket client) {
    try (client;
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(client.getInputStream(), StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(client.getOutputStream(), true, StandardCharsets.UTF_8)) {
      client.setSoTimeout(REQUEST_MS);
      String request = in.readLine();
      if (request == null || !request.startsWith(secret + " ")) {
        out.println("this is not the cluster that was meant");
        out.println(FAILED);
        return;
      }
      out.println(restart(request.substring(secret.length() + 1), out::println) ? DONE : FAILED);
    } catch (IOException e) {
      System.err.println("larder: a request to restart a part broke off: " + e.getMessage());
    }
  }

  private boolean restart(String name, Consumer<String> say) {
    try {
      long tookMs = cluster.restart(name, say);
      String done =
          "%s is ready again after %d ms, pid %d".formatted(name, tookMs, cluster.pid(name));
      say.accept(done);
      System.err.println("larder: " + done);
      return true;
    } catch (IOException | IllegalStateException | IllegalArgumentException e) {
      say.accept(String.valueOf(e.getMessage()));
      return false;
    }
  }

  /**
   * Has the running cluster of a folder restart a part, and waits until it is ready.
   *
   * @param say receives the answer, line by line
   * @return whether it succeeded
   * @throws LocalClusterException if no cluster runs there
   */
  public static boolean ask(Path root, String name, Consumer<String> say) throws IOException {
    Path file = ClusterFolder.control(root);
    if (!ClusterFolder.isInUse(root) || !Files.exists(file)) {
      throw nobodyThere(root);
    }
    String[] parts = Files.readString(file).strip().split(" ", 2);
    if (parts.length != 2 || !parts[0].matches("\\d{1,5}")) {
      throw nobodyThere(root);
    }
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), Integer.parseInt(parts[0]));
        PrintStream out = new PrintStream(socket.getOutputStream(), true, StandardCharsets.UTF_8);
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))) {
      out.println(parts[1] + " " + name);
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (line.equals(DONE) || line.equals(FAILED)) {
          return line.equals(DONE);
        }
        say.accept(line);
      }
      throw new LocalClusterException(
          "the cluster in " + root + " ended before it had answered", null);
    } catch (ConnectException _) {
      throw nobodyThere(root);
    }
  }

  private static LocalClusterException nobodyThere(Path root) {
    return new LocalClusterException(
        "no cluster of yours runs in %s: start it with ./larder up --dir %s".formatted(root, root),
        null);
  }

  @Override
  public void close() throws IOException {
    socket.close();
    Files.deleteIfExists(file);
  }
}
