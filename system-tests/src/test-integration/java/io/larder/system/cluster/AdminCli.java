package io.larder.system.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.larder.cli.admin.AdminCommand;
import io.larder.testing.Patience;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;

/** {@code larder admin}, run in this process, and what it said last. */
public final class AdminCli {
  private final List<String> always = new ArrayList<>();
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  /**
   * @param always follows every word
   */
  public AdminCli(String... always) {
    always(always);
  }

  /** Runs one word about the cluster and answers its exit code. */
  public int run(String... words) {
    List<String> all = new ArrayList<>(List.of(words));
    all.addAll(always);
    if (!all.contains("--timeout")) {
      all.addAll(List.of("--timeout", String.valueOf(Patience.limit().toSeconds())));
    }
    return runBare(all.toArray(String[]::new));
  }

  /** Runs a word with nothing added. */
  public int runBare(String... words) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return new CommandLine(new AdminCommand())
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(words);
  }

  /** Runs a word that must end well. */
  public void must(String... words) {
    assertThat(run(words)).as("%s: %s%s", String.join(" ", words), out, err).isZero();
  }

  /** Runs a word that must end with this code and have said this, on either stream. */
  public void ends(int code, List<String> said, String... words) {
    assertThat(run(words)).as("%s: %s%s", String.join(" ", words), out, err).isEqualTo(code);
    assertThat(out() + err()).contains(said);
  }

  /** Follows every word from now on, too. */
  public void always(String... more) {
    always.addAll(List.of(more));
  }

  /**
   * Waits until each of these nodes has slots. Those of a young cluster that came first may have
   * had them all, and give the others their share while a test already looks.
   */
  public void awaitSlots(String... nodeIds) {
    await()
        .until(() -> {
          for (String nodeId : nodeIds) {
            if (node(nodeId).path("slots").asInt() == 0) {
              return false;
            }
          }
          return true;
        });
  }

  public String out() {
    return out.toString();
  }

  public String err() {
    return err.toString();
  }

  /** What it printed last, as JSON. */
  public JsonNode json() throws IOException {
    return JsonMapper.builder().build().readTree(out.toString());
  }

  /** The line of one node, as soon as every node has answered in time. */
  public JsonNode node(String nodeId) throws IOException {
    await().until(() -> run("nodes", "-o", "json") == 0);
    for (JsonNode node : json()) {
      if (node.path("nodeId").asText().equals(nodeId)) {
        return node;
      }
    }
    throw new AssertionError(nodeId + " is not listed: " + out);
  }
}
