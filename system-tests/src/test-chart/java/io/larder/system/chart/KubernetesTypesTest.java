package io.larder.system.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** That the check of the manifests would notice. */
@Tag("chart")
class KubernetesTypesTest {
  private static final String POD =
      """
      apiVersion: v1
      kind: Pod
      metadata: {name: p}
      spec:
        containers:
          - name: c
            image: i
            env: [{name: A, value: '1'}]
            readinessProbe: {httpGet: {path: /ready, port: http}}
            resources: {limits: {memory: 1Gi}}
      """;

  @Test
  void aWellFormedManifestHasNoUnknownFields() {
    assertThat(unknown(POD)).isEmpty();
  }

  @Test
  void aFieldThatKubernetesDoesNotHaveIsNamedHoweverDeepItIs() {
    assertThat(unknown(POD.replace("path: /ready", "pth: /ready")))
        .singleElement()
        .asString()
        .endsWith(".pth");
    assertThat(unknown(POD.replace("{name: p}", "{name: p, label: x}")))
        .containsExactly("Pod/p.Metadata.label");
    assertThat(unknown(POD + "  restartpolicy: Never\n"))
        .containsExactly("Pod/p.Spec.restartpolicy");
  }

  @Test
  void aNumberWhereTextIsWantedIsRefusedAsKubernetesRefusesIt() {
    assertThatThrownBy(() -> unknown(POD.replace("value: '1'", "value: 1")))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("value");
  }

  @Test
  void aKindTheChartDoesNotMakeIsNotPassedOver() {
    assertThatThrownBy(() -> unknown(POD.replace("kind: Pod", "kind: Cod")))
        .hasMessageContaining("v1/Cod");
  }

  private static List<String> unknown(String yaml) {
    return KubernetesTypes.unknownFields(KubernetesTypes.read(Chart.parse(yaml)));
  }
}
