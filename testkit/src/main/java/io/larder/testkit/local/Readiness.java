package io.larder.testkit.local;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** Reads a process's {@code /ready}. */
final class Readiness {
  private static final Duration ATTEMPT = Duration.ofSeconds(2);

  private Readiness() {}

  /** The answer of {@code /ready}: status and reason, or the cause of a missing answer. */
  static String ask(HttpClient http, String host, int httpPort) throws InterruptedException {
    URI uri = URI.create("http://" + host + ":" + httpPort + "/ready");
    HttpRequest request = HttpRequest.newBuilder(uri).timeout(ATTEMPT).build();
    try {
      HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
      return response.statusCode() + " " + response.body().strip();
    } catch (IOException e) {
      return "no answer (" + e.getClass().getSimpleName() + ")";
    }
  }

  static boolean isReady(String answer) {
    return answer.startsWith("200 ");
  }
}
