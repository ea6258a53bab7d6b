package io.larder.system.docs;

import io.larder.cli.Larder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.ParameterException;

/** Command lines of {@code larder}, held against the commands and options that there are. */
final class LauncherLines {
  private LauncherLines() {}

  /** The arguments of each {@code larder} that a script calls. */
  static List<List<String>> of(String script) {
    List<List<String>> lines = new ArrayList<>();
    for (List<String> words : ShellWords.commands(script)) {
      int launcher = launcher(words);
      if (launcher >= 0) {
        lines.add(untilRedirection(words.subList(launcher + 1, words.size())));
      }
    }
    return lines;
  }

  private static int launcher(List<String> words) {
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      boolean first = i == 0 || words.get(i - 1).equals("--");
      if (word.equals("./larder")
          || word.endsWith("/bin/larder")
          || (first && word.equals("larder"))) {
        return i;
      }
    }
    return -1;
  }

  private static List<String> untilRedirection(List<String> words) {
    List<String> arguments = new ArrayList<>();
    for (String word : words) {
      if (word.matches("[0-9]?[<>].*")) {
        break;
      }
      arguments.add(word);
    }
    return arguments;
  }

  /** Why the launcher would refuse a line; empty if it takes it. */
  static Optional<String> refusal(List<String> arguments) {
    try {
      model().parseArgs(arguments.toArray(String[]::new));
      return Optional.empty();
    } catch (ParameterException e) {
      return Optional.of("larder " + String.join(" ", arguments) + ": " + e.getMessage());
    }
  }

  /** As {@link #refusal}, of a line that may end early: {@code larder admin …}. */
  static Optional<String> refusalOfMention(List<String> arguments) {
    int ellipsis = arguments.indexOf("…");
    List<String> said = ellipsis < 0 ? arguments : arguments.subList(0, ellipsis);
    try {
      model().parseArgs(said.toArray(String[]::new));
      return Optional.empty();
    } catch (MissingParameterException _) {
      return Optional.empty();
    } catch (ParameterException e) {
      return Optional.of("larder " + String.join(" ", said) + ": " + e.getMessage());
    }
  }

  private static CommandLine model() {
    return new CommandLine(Larder.class).setCaseInsensitiveEnumValuesAllowed(true);
  }
}
