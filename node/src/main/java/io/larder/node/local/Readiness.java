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

  static void await(
      HttpClient http, ChildProcess process, String host, int httpPort, Duration patience)
      throws LocalClusterException {
    URI uri = URI.create("http://" + host + ":" + httpPort + "/ready");
    HttpRequest request = HttpRequest.newBuilder(uri).timeout(ATTEMPT).build();
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
        try {
          HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
          if (response.statusCode() == 200) {
            return;
          }
          last = response.statusCode() + " " + response.body().strip();
        } catch (IOException e) {
          last = String.valueOf(e);
        }
        Thread.sleep(PAUSE);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LocalClusterException("interrupted while waiting for " + process.name(), e);
    }
    throw new LocalClusterException(
        "%s was not ready within %d s: %s says %s; the end of %s:%s"
            .formatted(
                process.name(),
                patience.toSeconds(),
                uri,
                last,
                process.log(),
                process.logTail(TAIL_LINES)),
        null);
  }
}
