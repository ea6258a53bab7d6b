package io.larder.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.larder.testing.Patience;
import io.micrometer.core.instrument.Counter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class OpsServerTest {
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

  private static HttpResponse<String> get(int port, String path) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
              .timeout(Patience.limit())
              .build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }

  @Test
  void metricsLivenessAndReadinessAreServed() throws Exception {
    Counter.builder("larder.test").register(registry).increment();
    AtomicReference<Readiness> readiness = new AtomicReference<>(Readiness.no("recovering"));
    try (OpsServer server = OpsServer.start("127.0.0.1", 0, registry, readiness::get)) {
      assertThat(get(server.port(), "/metrics").body()).contains("larder_test_total 1.0");
      assertThat(get(server.port(), "/live").statusCode()).isEqualTo(200);
      assertThat(get(server.port(), "/ready").statusCode()).isEqualTo(503);
      assertThat(get(server.port(), "/ready").body()).isEqualTo("recovering\n");
      readiness.set(Readiness.yes());
      assertThat(get(server.port(), "/ready").statusCode()).isEqualTo(200);
      assertThat(get(server.port(), "/nowhere").statusCode()).isEqualTo(404);
    }
  }

  @Test
  void anAddressInUseIsNamed() throws Exception {
    try (OpsServer server = OpsServer.start("127.0.0.1", 0, registry, Readiness::yes)) {
      assertThatThrownBy(
              () -> OpsServer.start("127.0.0.1", server.port(), registry, Readiness::yes))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("127.0.0.1:" + server.port());
    }
  }
}
