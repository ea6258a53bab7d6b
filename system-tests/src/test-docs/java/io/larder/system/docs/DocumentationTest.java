package io.larder.system.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

/** What the pages show is taken by what they show it for. Commands are run by DocumentationIT. */
@Tag("docs")
class DocumentationTest {
  /** Drawings, tables and output are text: nothing checks them. */
  private static final Set<String> LANGUAGES = Set.of("sh", "java", "yaml", "json", "xml", "text");

  @Test
  void everyFenceNamesALanguageThatIsChecked() throws IOException {
    assertThat(Page.allFences())
        .hasSizeGreaterThan(20)
        .filteredOn(fence -> !LANGUAGES.contains(fence.language()))
        .extracting(Fence::place)
        .as("fences whose language is none of %s", LANGUAGES)
        .isEmpty();
  }

  @Test
  void onlyCommandsAreMarkedAsNotRun() throws IOException {
    assertThat(Page.allFences())
        .filteredOn(fence -> fence.notRun().isPresent() && !fence.language().equals("sh"))
        .extracting(Fence::place)
        .isEmpty();
  }

  @Test
  void theLauncherTakesEveryCommandLine() throws IOException {
    List<String> refused = new ArrayList<>();
    for (Fence fence : fences("sh")) {
      for (List<String> line : LauncherLines.of(fence.text())) {
        LauncherLines.refusal(line).ifPresent(why -> refused.add(fence.place() + ": " + why));
      }
    }
    assertThat(refused).isEmpty();
  }

  @Test
  void theLauncherHasEveryCommandAndOptionThatTheTextMentions() throws IOException {
    List<String> refused = new ArrayList<>();
    for (Page page : Page.all()) {
      for (String mention : page.mentions()) {
        for (List<String> line : LauncherLines.of(mention)) {
          LauncherLines.refusalOfMention(line)
              .ifPresent(why -> refused.add(page.name() + ": " + why));
        }
      }
    }
    assertThat(refused).isEmpty();
  }

  @Test
  void everyJavaSnippetCompiles() throws IOException {
    assertThat(JavaSnippets.errors(fences("java"))).isEmpty();
  }

  @Test
  void everyYamlExampleIsTakenByItsReader() throws IOException {
    assertThat(fences("yaml").stream().map(YamlExamples::refusal).flatMap(Optional::stream))
        .isEmpty();
  }

  @Test
  void everyJsonAndXmlExampleIsWellFormed() throws IOException {
    Stream<Optional<String>> json = fences("json").stream().map(DocumentationTest::jsonError);
    Stream<Optional<String>> xml = fences("xml").stream().map(DocumentationTest::xmlError);
    assertThat(Stream.concat(json, xml).flatMap(Optional::stream)).isEmpty();
  }

  @Test
  void aMarkIsOneOfTheListAndStandsBeforeAFence() {
    assertThatThrownBy(() -> page("<!-- not run: no time -->", "```sh", "true", "```"))
        .hasMessageContaining("another host, kubernetes, long");
    assertThatThrownBy(() -> page("<!-- not run: long -->", "text", "```sh", "true", "```"))
        .hasMessageContaining("stands before no fenced block");
    assertThat(page("   <!-- not run: long: an hour -->", "   ```sh", "   a", "     b", "   ```"))
        .singleElement()
        .isEqualTo(new Fence("p.md", 2, "sh", "a\n  b\n", Optional.of(NotRun.LONG)));
  }

  @Test
  void aScriptsLauncherLinesAreFoundWhereverTheyStand() {
    String script =
        """
        sudo -u larder /opt/larder/bin/larder device format --node-id "$(hostname -s)" /dev/larder
        ./larder status --wait \\
            --timeout 60 && ./larder up   # then
        kubectl -n larder exec x -- larder check >out
        helm install larder helm/larder
        """;
    assertThat(LauncherLines.of(script))
        .containsExactly(
            List.of("device", "format", "--node-id", "$(hostname -s)", "/dev/larder"),
            List.of("status", "--wait", "--timeout", "60"),
            List.of("up"),
            List.of("check"));
    assertThat(LauncherLines.refusal(List.of("up", "--moon"))).isPresent();
    assertThat(LauncherLines.refusalOfMention(List.of("device", "format"))).isEmpty();
    assertThat(LauncherLines.refusalOfMention(List.of("admin", "fly", "…"))).isPresent();
  }

  private static List<Fence> page(String... lines) {
    return Page.parse("p.md", List.of(lines)).fences();
  }

  private static List<Fence> fences(String language) throws IOException {
    List<Fence> found =
        Page.allFences().stream().filter(fence -> fence.language().equals(language)).toList();
    assertThat(found).as("blocks of %s", language).isNotEmpty();
    return found;
  }

  private static Optional<String> jsonError(Fence fence) {
    try {
      new ObjectMapper()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .readTree(fence.text());
      return Optional.empty();
    } catch (JsonProcessingException e) {
      return Optional.of(fence.place() + ": " + e.getMessage());
    }
  }

  private static Optional<String> xmlError(Fence fence) {
    try {
      DocumentBuilderFactory.newInstance()
          .newDocumentBuilder()
          .parse(new InputSource(new StringReader(fence.text())));
      return Optional.empty();
    } catch (ParserConfigurationException | SAXException | IOException e) {
      return Optional.of(fence.place() + ": " + e.getMessage());
    }
  }
}
