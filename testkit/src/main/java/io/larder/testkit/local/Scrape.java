package io.larder.testkit.local;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The metrics of a process at one moment, from its Prometheus endpoint. Values of one name are
 * summed over their labels. Immutable.
 */
public final class Scrape {
  private static final Duration DEADLINE = Duration.ofSeconds(5);

  private final Map<String, Double> sums;
  private final Map<String, Map<String, Double>> byLabels;

  private Scrape(Map<String, Double> sums, Map<String, Map<String, Double>> byLabels) {
    this.sums = sums;
    this.byLabels = byLabels;
  }

  /**
   * Fetches {@code /metrics}.
   *
   * @throws IOException if the endpoint does not answer 200 within 5 s
   */
  public static Scrape of(HttpClient http, String host, int httpPort)
      throws IOException, InterruptedException {
    URI uri = URI.create("http://" + host + ":" + httpPort + "/metrics");
    HttpResponse<String> response =
        http.send(
            HttpRequest.newBuilder(uri).timeout(DEADLINE).build(),
            HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() != 200) {
      throw new IOException(uri + " answers " + response.statusCode());
    }
    return parse(response.body());
  }

  static Scrape parse(String text) {
    Map<String, Double> sums = new HashMap<>();
    Map<String, Map<String, Double>> byLabels = new HashMap<>();
    text.lines()
        .filter(line -> !line.isBlank() && line.charAt(0) != '#')
        .forEach(line -> {
          int labels = line.indexOf('{');
          int afterLabels = labels < 0 ? line.indexOf(' ') : line.lastIndexOf('}') + 1;
          if (afterLabels <= 0) {
            return;
          }
          String name = line.substring(0, labels < 0 ? afterLabels : labels);
          // A timestamp may follow the value.
          String value = line.substring(afterLabels).strip().split(" ", 2)[0];
          sums.merge(name, number(value), Double::sum);
          if (labels >= 0) {
            byLabels
                .computeIfAbsent(name, _ -> new HashMap<>())
                .put(line.substring(labels + 1, afterLabels - 1), number(value));
          }
        });
    return new Scrape(sums, byLabels);
  }

  /** The sum over all labels, or 0 if there is no such metric. */
  public double sum(String name) {
    return sums.getOrDefault(name, 0.0);
  }

  /** Whether there is a metric of that name. */
  public boolean has(String name) {
    return sums.containsKey(name);
  }

  /** A metric's values by one of its labels; empty if there is no such metric. */
  public Map<String, Double> by(String name, String label) {
    Pattern pattern = Pattern.compile("(?:^|,)" + label + "=\"([^\"]*)\"");
    Map<String, Double> values = new HashMap<>();
    byLabels
        .getOrDefault(name, Map.of())
        .forEach((labels, value) -> {
          Matcher matcher = pattern.matcher(labels);
          if (matcher.find()) {
            values.merge(matcher.group(1), value, Double::sum);
          }
        });
    return values;
  }

  private static double number(String text) {
    return switch (text) {
      case "+Inf" -> Double.POSITIVE_INFINITY;
      case "-Inf" -> Double.NEGATIVE_INFINITY;
      default -> Double.parseDouble(text);
    };
  }
}
