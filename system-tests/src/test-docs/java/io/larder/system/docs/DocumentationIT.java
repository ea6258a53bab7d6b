package io.larder.system.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.larder.testing.LeftOut;
import io.larder.testing.Need;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;

/**
 * Every block of commands in README, CONTRIBUTING, helm and docs does what it is there for, run as
 * it is written, page after page, in one terminal. A block of {@code larder up} runs until the next
 * one; those with a comment {@code <!-- not run: REASON -->} before them are listed. A block whose
 * tool this machine lacks is left out as a test is.
 */
@Tag("docs")
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class DocumentationIT {
  /** What a reader need not have. */
  private static final Map<String, Need> TOOLS = Map.of("redis-cli", Need.REDIS_TOOLS);

  /** An error that redis-cli prints and calls a success. */
  private static final Pattern ERROR_REPLY =
      Pattern.compile("(?m)^(\\(error\\) )?(ERR|[A-Z]{4,}) [A-Za-z'].*");

  private static final Pattern PORT = Pattern.compile("(?:-p |localhost:|127\\.0\\.0\\.1:)(\\d+)");
  private static final Pattern FOLDER = Pattern.compile("--dir (\\S+)");
  private static final Pattern ADDRESS = Pattern.compile("(?:-p |:)\\d{4,5}\\b");
  private static final Duration START_PATIENCE = Duration.ofMinutes(10);

  private static final List<String> LEFT_OUT = new ArrayList<>();

  /** The machine's own, made by the blocks. */
  private static final List<String> FOLDERS = new ArrayList<>();

  private static Terminal terminal;
  private static Optional<Terminal.Started> cluster = Optional.empty();

  @BeforeAll
  static void open() throws IOException, InterruptedException {
    Path target = Page.CHECKOUT.resolve("cli/target");
    Files.createDirectories(target);
    terminal = Terminal.open(Files.createTempDirectory(target, "docs"));
    if (!terminal.isIsolated()) {
      refuseWhatIsTaken();
    }
  }

  /** Without a network of its own the text's ports and folders are the machine's. */
  private static void refuseWhatIsTaken() throws IOException {
    List<String> taken = new ArrayList<>();
    for (String port : named(PORT)) {
      if (isTaken(Integer.parseInt(port))) {
        taken.add("port " + port);
      }
    }
    for (String folder : named(FOLDER)) {
      if (Files.exists(Path.of(folder))) {
        taken.add("folder " + folder);
      }
    }
    if (!taken.isEmpty()) {
      abort(
          LeftOut.test(
              "DocumentationIT",
              "'unshare' to give it a network of its own, since %s is in use"
                  .formatted(String.join(", ", taken))));
    }
    FOLDERS.addAll(named(FOLDER));
  }

  /** What the blocks to run name. */
  private static List<String> named(Pattern what) throws IOException {
    String commands = String.join("\n", toRun().stream().map(Fence::text).toList());
    return what.matcher(commands).results().map(found -> found.group(1)).distinct().toList();
  }

  private static boolean isTaken(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return false;
    } catch (IOException _) {
      return true;
    }
  }

  @AfterAll
  static void close() throws IOException, InterruptedException {
    if (terminal != null) {
      stopCluster();
      for (String folder : FOLDERS) {
        terminal.run("rm -rf " + folder);
      }
      terminal.close();
    }
    System.out.println("Documentation's commands that are marked as not run:");
    LEFT_OUT.forEach(line -> System.out.println("  " + line));
  }

  @TestFactory
  List<DynamicTest> everyBlockDoesWhatItIsThereFor() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (Fence block : commands()) {
      if (block.notRun().isPresent()) {
        LEFT_OUT.add("%-45s %s".formatted(block.place(), block.notRun().get().words()));
      } else {
        tests.add(dynamicTest(block.place(), () -> run(block)));
      }
    }
    assertThat(tests).as("blocks to run").hasSizeGreaterThan(1);
    return tests;
  }

  private static List<Fence> commands() throws IOException {
    return Page.allFences().stream().filter(fence -> fence.language().equals("sh")).toList();
  }

  private static List<Fence> toRun() throws IOException {
    return commands().stream().filter(fence -> fence.notRun().isEmpty()).toList();
  }

  private static void run(Fence block) throws IOException, InterruptedException {
    for (List<String> words : ShellWords.commands(block.text())) {
      Need need = TOOLS.get(words.getFirst());
      if (need != null) {
        LeftOut.unless(need.isMet(), "DocumentationIT of " + block.place(), need);
      }
    }
    if (LauncherLines.of(block.text()).stream().anyMatch(DocumentationIT::runsUntilCtrlC)) {
      up(block);
      return;
    }
    Terminal.Ended ended = terminal.run(block.text());
    assertThat(ended.code())
        .as("%s:%n%s%n%s%s", block.place(), block.text(), ended.output(), ended.errors())
        .isZero();
    assertThat(ended.output()).as(block.place()).doesNotContainPattern(ERROR_REPLY);
  }

  private static boolean runsUntilCtrlC(List<String> words) {
    return !words.isEmpty() && words.getFirst().equals("up");
  }

  private static void up(Fence block) throws IOException, InterruptedException {
    stopCluster();
    Terminal.Started started = terminal.start(block.text());
    cluster = Optional.of(started);
    await()
        .atMost(START_PATIENCE)
        .pollInterval(Duration.ofMillis(200))
        .until(() -> isReady(started) || !terminal.isAlive(started));
    assertThat(isReady(started))
        .as("%s: it prints addresses%n%s", block.place(), terminal.errors(started))
        .isTrue();
  }

  private static boolean isReady(Terminal.Started started) throws IOException {
    return ADDRESS.matcher(terminal.output(started)).find();
  }

  private static void stopCluster() throws IOException, InterruptedException {
    if (cluster.isPresent()) {
      terminal.stop(cluster.get());
      cluster = Optional.empty();
    }
  }
}
