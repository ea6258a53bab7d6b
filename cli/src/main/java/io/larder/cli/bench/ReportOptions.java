package io.larder.cli.bench;

import io.larder.bench.BenchReport;
import io.larder.bench.Figure;
import io.larder.bench.verdict.Verdict;
import io.larder.cli.console.ExitCode;
import io.larder.cli.console.Output;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Report of every benchmark: a table or JSON on standard output, the verdict, the exit code. */
@SuppressWarnings("NullAway.Init") // picocli sets the spec
final class ReportOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(names = "--json", description = "Print the report as one JSON object.")
  private boolean json;

  boolean json() {
    return json;
  }

  /** The command as it was typed. */
  String commandLine() {
    return "larder "
        + String.join(" ", command.root().commandLine().getParseResult().originalArgs());
  }

  /**
   * Prints the figures.
   *
   * @return the exit code: 0, or 1 if a goal was missed
   */
  int report(List<Figure> figures) {
    BenchReport report = BenchReport.here(commandLine(), figures);
    System.out.print(json ? Output.json(report) + "\n" : ReportPrinter.table(report));
    List<String> missed =
        report.missed().stream().map(figure -> ReportPrinter.line(figure) + ": missed").toList();
    (json || !missed.isEmpty() ? System.err : System.out)
        .println(missed.isEmpty() ? "every goal was reached" : String.join("\n", missed));
    return missed.isEmpty() ? ExitCode.OK : ExitCode.FAILED;
  }

  /**
   * Prints the verdict of a run that judges promises.
   *
   * @param table the figures for people
   * @return the exit code
   */
  int report(JudgedRun run, String table) {
    Verdict verdict = run.report().verdict();
    BenchReport report =
        BenchReport.here(commandLine(), run.report().figures())
            .with(verdict, run.kept().map(Path::toString).orElse(null));
    System.out.print(json ? Output.json(report) + "\n" : table);
    PrintStream out = json || verdict.outcome() != Verdict.Outcome.KEPT ? System.err : System.out;
    verdict.lines().forEach(out::println);
    run.kept().ifPresent(folder -> out.println("devices and logs: " + folder));
    return verdict.outcome().exitCode();
  }
}
