package io.larder.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntSupplier;

/** What {@code larder} did and said, run within this process. */
public record CommandRun(int code, String out, String err) {
  public static CommandRun larder(String... args) {
    return of(() -> Larder.run(args));
  }

  /** Whatever answers an exit code and may print. */
  public static CommandRun of(IntSupplier command) {
    PrintStream stdout = System.out;
    PrintStream stderr = System.err;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    try {
      System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
      System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
      int code = command.getAsInt();
      return new CommandRun(
          code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    } finally {
      System.setOut(stdout);
      System.setErr(stderr);
    }
  }

  /** What it said of the promises, if asked for by {@code --json}. */
  public JsonNode verdict() throws IOException {
    return new ObjectMapper().readTree(out).get("verdict");
  }

  /** The figures of a benchmark's report that was asked for by {@code --json}, by name. */
  public Map<String, Double> figures() throws IOException {
    Map<String, Double> figures = new HashMap<>();
    for (JsonNode figure : new ObjectMapper().readTree(out).get("figures")) {
      figures.put(figure.get("name").asText(), figure.get("value").asDouble());
    }
    return figures;
  }
}
