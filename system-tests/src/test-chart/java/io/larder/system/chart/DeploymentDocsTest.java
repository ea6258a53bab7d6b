package io.larder.system.chart;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The examples of the deployment pages work as they are printed. */
@Tag("chart")
class DeploymentDocsTest {
  private static final Path ROOT = Chart.FOLDER.resolve("../..").normalize();
  private static final Pattern YAML_BLOCK = Pattern.compile("(?s)```yaml\n(.*?)```");

  @Test
  void theValuesOfTheKubernetesPageMakeACluster() throws IOException {
    String values = example("how-to-deploy-on-kubernetes.md", "# values.yaml");
    Manifests chart = Chart.render(values);
    Hangings.check(chart, Set.of("larder-password"));
    assertThat(chart.nodes().getSpec().getReplicas()).isEqualTo(6);
  }

  @Test
  void theChartAndTheInstalledLauncherAgreeWithTheBuild() throws IOException {
    String pom = Files.readString(ROOT.resolve("pom.xml"));
    assertThat(Files.readString(Chart.FOLDER.resolve("Chart.yaml")))
        .as("the image's tag is the chart's appVersion")
        .contains("appVersion: " + first(pom, "<version>(.*?)</version>") + "\n");
    assertThat(Files.readString(ROOT.resolve("packaging/bin/larder")))
        .contains(first(pom, "<larder.jvm>(.*?)</larder.jvm>"));
  }

  private static String first(String text, String pattern) {
    return Pattern.compile(pattern)
        .matcher(text)
        .results()
        .map(match -> match.group(1))
        .findFirst()
        .orElseThrow();
  }

  private static String example(String page, String contains) throws IOException {
    String text = Files.readString(ROOT.resolve("docs").resolve(page));
    List<String> found = new ArrayList<>();
    YAML_BLOCK
        .matcher(text)
        .results()
        .map(match -> match.group(1))
        .filter(block -> block.contains(contains))
        .forEach(found::add);
    assertThat(found).as("examples with '%s' in %s", contains, page).hasSize(1);
    return found.get(0);
  }
}
