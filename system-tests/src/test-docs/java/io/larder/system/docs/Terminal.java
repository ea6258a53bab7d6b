package io.larder.system.docs;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/**
 * A shell that runs the documentation's blocks one after the other; terminal.sh says what they
 * find. Where the machine allows it, it has network and {@code /tmp} of its own.
 */
final class Terminal implements AutoCloseable {
  /** No block that is run takes more than seconds; a busy machine may take minutes. */
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  /** Tried in this order: as root, then as anyone who may have user namespaces. */
  private static final List<List<String>> ISOLATIONS =
      List.of(
          List.of("unshare", "--net", "--mount"),
          List.of("unshare", "--map-root-user", "--net", "--mount"));

  private final Path scratch;
  private final boolean isolated;
  private final Process shell;
  private final BufferedWriter orders;
  private final BufferedReader answers;
  private int scripts;

  private Terminal(Path scratch, boolean isolated, Process shell) {
    this.scratch = scratch;
    this.isolated = isolated;
    this.shell = shell;
    this.orders = shell.outputWriter(StandardCharsets.UTF_8);
    this.answers = shell.inputReader(StandardCharsets.UTF_8);
  }

  /**
   * @param scratch an empty folder; close() removes it
   */
  static Terminal open(Path scratch) throws IOException, InterruptedException {
    Path script = scratch.resolve("terminal.sh");
    try (InputStream code =
        Objects.requireNonNull(Terminal.class.getResourceAsStream("terminal.sh"))) {
      Files.copy(code, script);
    }
    List<String> isolation = isolation();
    List<String> command = new ArrayList<>(isolation);
    command.addAll(
        List.of(
            "bash",
            script.toString(),
            Page.CHECKOUT.toString(),
            scratch.toString(),
            isolation.isEmpty() ? "shared" : "isolated"));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(scratch.resolve("terminal.err").toFile());
    builder.environment().put("LARDER_JAVA_HOME", System.getProperty("java.home"));
    Terminal terminal = new Terminal(scratch, !isolation.isEmpty(), builder.start());
    String first = terminal.answer();
    if (!first.equals("ready")) {
      throw new IOException(
          "no terminal: " + first + Files.readString(scratch.resolve("terminal.err")));
    }
    return terminal;
  }

  /**
   * The words before a command that give it network and mounts of its own; none if nothing does.
   */
  private static List<String> isolation() throws IOException, InterruptedException {
    for (List<String> words : ISOLATIONS) {
      List<String> trial = new ArrayList<>(words);
      trial.addAll(List.of("sh", "-c", "ip link set lo up && mount --bind /var /tmp"));
      try {
        Process tried =
            new ProcessBuilder(trial)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (tried.waitFor() == 0) {
          return words;
        }
      } catch (IOException _) {
        return List.of(); // no such command
      }
    }
    return List.of();
  }

  /** Whether its ports and its /tmp are its own. */
  boolean isIsolated() {
    return isolated;
  }

  /** What a script did and said. */
  record Ended(int code, String output, String errors) {}

  /** Runs a script to its end. */
  Ended run(String text) throws IOException, InterruptedException {
    Path script = script(text);
    int code = Integer.parseInt(ask("run " + script));
    String output = Files.readString(printed(script, "out"));
    return new Ended(code, output, Files.readString(printed(script, "err")));
  }

  /** A script in the background. */
  record Started(String group, Path script) {}

  Started start(String text) throws IOException, InterruptedException {
    Path script = script(text);
    return new Started(ask("start " + script), script);
  }

  boolean isAlive(Started started) throws IOException, InterruptedException {
    return ask("alive " + started.group()).equals("yes");
  }

  /** Ctrl-C, and waits for the end. */
  void stop(Started started) throws IOException, InterruptedException {
    ask("stop " + started.group());
  }

  /** What it has printed to standard output so far. */
  String output(Started started) throws IOException {
    return Files.readString(printed(started.script(), "out"));
  }

  /** What it has printed to standard error so far. */
  String errors(Started started) throws IOException {
    return Files.readString(printed(started.script(), "err"));
  }

  private static Path printed(Path script, String stream) {
    return Path.of(script + "." + stream);
  }

  private Path script(String text) throws IOException {
    Path script = scratch.resolve("block-" + ++scripts + ".sh");
    Files.writeString(script, text);
    return script;
  }

  private String ask(String order) throws IOException, InterruptedException {
    orders.write(order + "\n");
    orders.flush();
    return answer();
  }

  private String answer() throws IOException, InterruptedException {
    CompletableFuture<String> line = new CompletableFuture<>();
    Thread.startVirtualThread(() -> {
      try {
        line.complete(Objects.requireNonNullElse(answers.readLine(), "the shell has ended"));
      } catch (IOException e) {
        line.completeExceptionally(e);
      }
    });
    try {
      return line.get(PATIENCE.toMinutes(), TimeUnit.MINUTES);
    } catch (ExecutionException e) {
      throw new IOException("the shell cannot be read", e);
    } catch (TimeoutException e) {
      shell.destroyForcibly();
      throw new IOException("the block has not ended within " + PATIENCE, e);
    }
  }

  @Override
  public void close() throws IOException, InterruptedException {
    orders.close(); // its end kills what it still runs
    if (!shell.waitFor(PATIENCE.toMinutes(), TimeUnit.MINUTES)) {
      shell.destroyForcibly();
    }
    try (Stream<Path> files = Files.walk(scratch)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
