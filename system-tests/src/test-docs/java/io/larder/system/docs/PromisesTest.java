package io.larder.system.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** docs/promises.md names, for every rule and every fault, tests and flags that are there. */
@Tag("docs")
class PromisesTest {
  private static final Path ROOT = Path.of("..");
  private static final Path PAGE = ROOT.resolve("docs/promises.md");
  private static final int RULES = 17;
  private static final int FAULTS = 19;
  private static final Pattern NAMED =
      Pattern.compile("`(\\w+)\\.(\\w+)`|`([A-Z]+_[A-Z_]+|UNCONFIRMED)`");

  /** A test method of JUnit's, as it is written here: annotations, then {@code void name(}. */
  private static final Pattern TEST =
      Pattern.compile("@(?:Parameterized)?Test\\b(?:\\s+@[^\\n]+)*\\s+(?:public )?void (\\w+)\\(");

  private static Map<String, List<String>> tests() throws IOException {
    Map<String, List<String>> tests = new HashMap<>();
    for (String module :
        List.of("client", "coordinator", "node", "testkit", "bench", "cli", "system-tests")) {
      try (Stream<Path> files = Files.walk(ROOT.resolve(module).resolve("src"))) {
        files
            .filter(file -> file.toString().matches(".*/src/test[a-z-]*/java/.*\\.java"))
            .forEach(file -> {
              Matcher test = TEST.matcher(read(file));
              String type = file.getFileName().toString().replace(".java", "");
              while (test.find()) {
                tests.computeIfAbsent(type, _ -> new ArrayList<>()).add(test.group(1));
              }
            });
      }
    }
    return tests;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The rows of a section's table, without its head. */
  private static List<String> rows(String section) {
    String from = read(PAGE).split("\n## " + section + "\n", 2)[1];
    return from.split("\n## ", 2)[0].lines().filter(line -> line.startsWith("| ")).skip(1).toList();
  }

  @Test
  void everyRuleAndEveryFaultHasTestsThatAreThere() throws IOException {
    Map<String, List<String>> tests = tests();
    String model = read(ROOT.resolve("docs/spec/put-lease.pml"));
    List<String> rules = rows("Rules");
    List<String> faults = rows("Faults");
    assertThat(rules).hasSize(RULES);
    assertThat(faults).hasSize(FAULTS);
    for (String row : Stream.concat(rules.stream(), faults.stream()).toList()) {
      Matcher named = NAMED.matcher(row);
      int found = 0;
      while (named.find()) {
        if (named.group(3) == null) {
          assertThat(tests.getOrDefault(named.group(1), List.of()))
              .as("tests of %s, for: %s", named.group(1), row)
              .contains(named.group(2));
          found++;
        } else {
          assertThat(model).as("the model's flags, for: %s", row).contains(named.group(3));
        }
      }
      assertThat(found).as("tests of: %s", row).isPositive();
    }
  }
}
