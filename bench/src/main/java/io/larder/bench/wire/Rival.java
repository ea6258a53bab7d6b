package io.larder.bench.wire;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A foreign server, in a process of its own on the loopback address. */
final class Rival implements AutoCloseable {
  private static final long START_MS = 10_000;

  private final String name;
  private final Process process;
  private final int port;
  private final Path folder;

  private Rival(String name, Process process, int port, Path folder) {
    this.name = name;
    this.process = process;
    this.port = port;
    this.folder = folder;
  }

  /** Redis in memory, or with its log on the disk when {@code appendOnly}. */
  static Rival redis(long memoryBytes, boolean appendOnly)
      throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("larder-bench-redis");
    int port = freePort();
    List<String> command =
        new ArrayList<>(
            List.of("redis-server", "--port", "" + port, "--bind", "127.0.0.1", "--save", ""));
    command.addAll(List.of("--dir", folder.toString(), "--maxmemory", "" + memoryBytes));
    command.addAll(List.of("--maxmemory-policy", "allkeys-lru"));
    if (appendOnly) {
      command.addAll(List.of("--appendonly", "yes", "--appendfsync", "everysec"));
    }
    return start("redis-server", command, port, folder);
  }

  /**
   * The bare server, compiled here.
   *
   * @return empty without a C compiler
   */
  static Optional<Rival> bare() throws IOException, InterruptedException {
    Optional<String> compiler = findOnPath("gcc").or(() -> findOnPath("cc"));
    if (compiler.isEmpty()) {
      return Optional.empty();
    }
    Path folder = Files.createTempDirectory("larder-bench-bare");
    Path source = folder.resolve("bare.c");
    try (var resource = Rival.class.getResourceAsStream("bare.c")) {
      if (resource == null) {
        throw new IOException("bare.c is missing in this distribution");
      }
      Files.copy(resource, source);
    }
    Path binary = folder.resolve("bare");
    String output =
        run(compiler.get(), "-O2", "-pthread", "-o", binary.toString(), source.toString());
    if (!Files.isExecutable(binary)) {
      throw new IOException("the bare server does not compile: " + output);
    }
    int port = freePort();
    return Optional.of(start("bare", List.of(binary.toString(), "" + port), port, folder));
  }

  private static Rival start(String name, List<String> command, int port, Path folder)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("log").toFile())
            .start();
    Rival rival = new Rival(name, process, port, folder);
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(START_MS);
    while (true) {
      try (var _ = new LeanClient("127.0.0.1", port)) {
        return rival;
      } catch (IOException e) {
        if (!process.isAlive() || System.nanoTime() > deadline) {
          String log = Files.readString(folder.resolve("log"), StandardCharsets.UTF_8);
          rival.close();
          throw new IOException(name + " does not start: " + log.strip(), e);
        }
        Thread.sleep(20);
      }
    }
  }

  Target target() {
    return new Target(name, "127.0.0.1", port, process.pid());
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly().onExit().join();
    try (var files = Files.walk(folder)) {
      for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
        Files.delete(file);
      }
    }
  }

  static Optional<String> findOnPath(String program) {
    @Nullable String path = System.getenv("PATH");
    for (String folder : (path == null ? "" : path).split(":", -1)) {
      Path file = Path.of(folder, program);
      if (Files.isExecutable(file)) {
        return Optional.of(file.toString());
      }
    }
    return Optional.empty();
  }

  /** The output of a program. */
  static String run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int code = process.waitFor();
    if (code != 0) {
      throw new IOException(String.join(" ", command) + " ends with " + code + ": " + output);
    }
    return output;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
