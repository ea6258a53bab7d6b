package io.larder.testkit.local;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** Finds the cause of a process's failure in its log. */
final class ChildLog {
  private static final int LINES = 12;
  private static final Pattern CAUSE =
      Pattern.compile("^larder|\\bERROR\\b|Exception\\b|Error\\b|^Caused by|^# ");
  private static final Pattern FRAME = Pattern.compile("^\\s+at |^\\s+\\.\\.\\. \\d+ more");

  private ChildLog() {}

  /**
   * The last lines of the current run that name a cause, each indented; the end of the log if there
   * are none.
   *
   * @param fromByte the start of the current run in the log
   */
  static String cause(Path log, long fromByte) {
    List<String> lines;
    try {
      byte[] all = Files.readAllBytes(log);
      int from = (int) Math.min(fromByte, all.length);
      lines =
          new String(all, from, all.length - from, StandardCharsets.UTF_8)
              .lines()
              .takeWhile(line -> !line.startsWith("Usage: ")) // follows the error
              .filter(line -> !line.isBlank() && !FRAME.matcher(line).find())
              .toList();
    } catch (IOException e) {
      return "\n  | (its log cannot be read: " + e.getMessage() + ")";
    }
    List<String> causes =
        lines.stream()
            .filter(line -> CAUSE.matcher(line).find() && !line.contains(" note: "))
            .toList();
    List<String> shown = causes.isEmpty() ? lines : causes;
    StringBuilder text = new StringBuilder();
    for (String line : shown.subList(Math.max(0, shown.size() - LINES), shown.size())) {
      text.append("\n  | ").append(line);
    }
    return text.isEmpty() ? "\n  | (it wrote nothing)" : text.toString();
  }
}
