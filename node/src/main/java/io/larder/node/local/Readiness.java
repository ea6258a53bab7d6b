package io.larder.node.local;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** Asks a process's {@code /ready} until it says 200, its time is up, or it has ended. */
final class Readiness {
  private static final Duration ATTEMPT = Duration.ofSeconds(2);
  private static final Duration PAUSE = Duration.ofMillis(25);
  private static final int TAIL_LINES = 15;

  private Readiness() {}

  /** What {@code /ready} says now: status and reason, or why there is no answer. */
  static String ask(HttpClient http, String host, int httpPort) throws InterruptedException {
    URI uri = URI.create("http://" + host + ":" + httpPort + "/ready");
    HttpRequest request = HttpRequest.newBuilder(uri).timeout(ATTEMPT).build();
    try {
      HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
      return response.statusCode() + " " + response.body().strip();
    } catch (IOException e) {
      return String.valueOf(e);
    }
  }

  static void await(
      HttpClient http, ChildProcess process, String host, int httpPort, Duration patience)
      throws LocalClusterException {
    long deadline = System.nanoTime() + patience.toNanos();
    String last = "no answer yet";
    try {
      while (System.nanoTime() < deadline) {
        if (!process.isAlive()) {
          throw new LocalClusterException(
              "%s ended with exit code %d before it was ready; the end of %s:%s"
                  .formatted(
                      process.name(),
                      process.exitCode(),
                      process.log(),
                      process.logTail(TAIL_LINES)),
              null);
        }
        last = ask(http, host, httpPort);
        if (last.startsWith("200 ")) {
          return;
        }
        Thread.sleep(PAUSE);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LocalClusterException("interrupted while waiting for " + process.name(), e);
    }
    throw new LocalClusterException(
        "%s was not ready within %d s: %s:%d says %s; the end of %s:%s"
            .formatted(
                process.name(),
                patience.toSeconds(),
                host,
                httpPort,
                last,
                process.log(),
                process.logTail(TAIL_LINES)),
        null);
  }
}
