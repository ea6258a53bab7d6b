package io.larder.system.docs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A page of the documentation: its fenced blocks, and the commands that its text mentions.
 *
 * @param mentions code spans of the text, in order
 */
record Page(String name, List<Fence> fences, List<String> mentions) {
  static final Path CHECKOUT = Path.of("..").toAbsolutePath().normalize();

  private static final Pattern MARK =
      Pattern.compile("\\s*<!-- not run: ([a-z ]+?)(: .+)? -->\\s*");
  private static final Pattern OPENING = Pattern.compile("( *)```\\s*(\\S*)\\s*");
  private static final Pattern SPAN = Pattern.compile("`([^`]+)`");

  /** README, CONTRIBUTING, the chart's and everything under docs. */
  static List<Page> all() throws IOException {
    List<Path> files = new ArrayList<>();
    files.add(CHECKOUT.resolve("README.md"));
    files.add(CHECKOUT.resolve("CONTRIBUTING.md"));
    for (String folder : List.of("helm", "docs")) {
      try (Stream<Path> tree = Files.walk(CHECKOUT.resolve(folder))) {
        tree.filter(file -> file.toString().endsWith(".md")).sorted().forEach(files::add);
      }
    }
    List<Page> pages = new ArrayList<>();
    for (Path file : files) {
      pages.add(parse(CHECKOUT.relativize(file).toString(), Files.readAllLines(file)));
    }
    return pages;
  }

  static List<Fence> allFences() throws IOException {
    return all().stream().flatMap(page -> page.fences().stream()).toList();
  }

  /**
   * @throws IllegalArgumentException if a comment names no known reason, or no fence follows it
   */
  static Page parse(String name, List<String> lines) {
    List<Fence> fences = new ArrayList<>();
    StringBuilder prose = new StringBuilder();
    Optional<NotRun> mark = Optional.empty();
    int at = 0;
    while (at < lines.size()) {
      String line = lines.get(at);
      Matcher opening = OPENING.matcher(line);
      Matcher marked = MARK.matcher(line);
      if (opening.matches()) {
        int end = closing(name, lines, at);
        String text = text(lines.subList(at + 1, end), opening.group(1).length());
        fences.add(new Fence(name, at + 1, opening.group(2), text, mark));
        mark = Optional.empty();
        at = end;
      } else if (mark.isPresent()) {
        throw new IllegalArgumentException(
            "%s:%d: 'not run' stands before no fenced block".formatted(name, at));
      } else if (marked.matches()) {
        mark = Optional.of(NotRun.of(marked.group(1)));
      } else {
        prose.append(line.strip()).append('\n');
      }
      at++;
    }
    List<String> mentions =
        SPAN.matcher(prose).results().map(span -> span.group(1).replace('\n', ' ')).toList();
    return new Page(name, List.copyOf(fences), mentions);
  }

  private static int closing(String name, List<String> lines, int opening) {
    for (int at = opening + 1; at < lines.size(); at++) {
      if (lines.get(at).strip().equals("```")) {
        return at;
      }
    }
    throw new IllegalArgumentException(
        "%s:%d: the fence is not closed".formatted(name, opening + 1));
  }

  private static String text(List<String> lines, int indentation) {
    StringBuilder text = new StringBuilder();
    for (String line : lines) {
      int blanks = line.length() - line.stripLeading().length();
      text.append(line.substring(Math.min(blanks, indentation))).append('\n');
    }
    return text.toString();
  }
}
