package io.larder.bench;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.larder.bench.verdict.Verdict;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The report of every {@code larder bench}: figures with the machine and the command of the
 * measurement.
 *
 * @param machine processor, cores, memory, kernel and Java
 * @param commit of the sources, {@code +changes} if the work tree differs, or {@code unknown}
 * @param command as it was typed
 * @param figures the numbers
 * @param verdict of a run that judges promises, else null
 * @param kept the folder with devices and logs of a failed run, else null
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record BenchReport(
    String machine,
    String commit,
    String command,
    List<Figure> figures,
    @Nullable Verdict verdict,
    @Nullable String kept) {
  public BenchReport {
    figures = List.copyOf(figures);
  }

  /** A report of this machine and these sources. */
  public static BenchReport here(String command, List<Figure> figures) {
    return new BenchReport(machineHere(), commitHere(), command, figures, null, null);
  }

  /** The same report with a verdict on the promises. */
  public BenchReport with(Verdict judged, @Nullable String folder) {
    return new BenchReport(machine, commit, command, figures, judged, folder);
  }

  /** The figures that miss their goals. */
  public List<Figure> missed() {
    return figures.stream().filter(figure -> !figure.meetsGoal()).toList();
  }

  private static String machineHere() {
    return "%s, %d cores, %s memory, Linux %s, Java %s"
        .formatted(
            proc("/proc/cpuinfo", "model name"),
            Runtime.getRuntime().availableProcessors(),
            proc("/proc/meminfo", "MemTotal"),
            System.getProperty("os.version"),
            Runtime.version());
  }

  private static String proc(String file, String field) {
    try (var lines = Files.lines(Path.of(file))) {
      return lines
          .filter(line -> line.startsWith(field))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("unknown");
    } catch (IOException e) {
      return "unknown";
    }
  }

  private static String commitHere() {
    try {
      Path code =
          Path.of(BenchReport.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      String commit = git(code, "rev-parse", "--short=12", "HEAD");
      if (commit.isEmpty()) {
        return "unknown";
      }
      return git(code, "status", "--porcelain", "-uno").isEmpty() ? commit : commit + "+changes";
    } catch (IOException | URISyntaxException e) {
      return "unknown"; // no git here, or not a checkout
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "unknown";
    }
  }

  private static String git(Path code, String... arguments)
      throws IOException, InterruptedException {
    Path folder = Files.isDirectory(code) ? code : code.toAbsolutePath().getParent();
    ProcessBuilder builder = new ProcessBuilder("git", "-C", String.valueOf(folder));
    builder.command().addAll(List.of(arguments));
    Process git =
        builder
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .redirectInput(Path.of("/dev/null").toFile())
            .start();
    String answer = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    return git.waitFor(5, TimeUnit.SECONDS) && git.exitValue() == 0 ? answer : "";
  }
}
