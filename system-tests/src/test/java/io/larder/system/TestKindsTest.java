package io.larder.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The folder of a test, its tag and its name say the same kind. */
class TestKindsTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Pattern FOLDER = Pattern.compile("/src/test(?:-([a-z]+))?/java/");
  private static final Pattern TAG = Pattern.compile("^@Tag\\(\"([a-z]+)\"\\)", Pattern.MULTILINE);
  private static final String NO_KIND = "unit";

  private static String kind(Matcher found) {
    return found.find() && found.group(1) != null ? found.group(1) : NO_KIND;
  }

  @Test
  void eachTestIsTaggedWithTheKindOfItsFolderAndOfItsName() throws IOException {
    TreeSet<String> wrong = new TreeSet<>();
    List<Path> tests;
    try (Stream<Path> files = Files.walk(ROOT)) {
      tests =
          files
              .filter(file -> FOLDER.matcher(file.toString()).find())
              .filter(file -> file.toString().matches(".*(Test|IT)\\.java"))
              .toList();
    }
    assertThat(tests).isNotEmpty();
    for (Path test : tests) {
      String tag = kind(TAG.matcher(Files.readString(test)));
      String folder = kind(FOLDER.matcher(test.toString()));
      boolean isIntegration = test.toString().endsWith("IT.java") && folder.equals(NO_KIND);
      if (!tag.equals(isIntegration ? "integration" : folder)) {
        wrong.add(ROOT.relativize(test) + " has the tag of kind " + tag);
      }
    }
    assertThat(wrong).isEmpty();
  }
}
