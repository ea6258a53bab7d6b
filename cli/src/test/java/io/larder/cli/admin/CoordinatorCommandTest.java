package io.larder.cli.admin;

import static org.assertj.core.api.Assertions.assertThat;

import io.larder.cli.process.CoordinatorCommand;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class CoordinatorCommandTest {
  private final StringWriter err = new StringWriter();

  private int run(String... args) {
    return new CommandLine(new CoordinatorCommand())
        .setOut(new PrintWriter(new StringWriter()))
        .setErr(new PrintWriter(err, true))
        .execute(args);
  }

  @Test
  void aConfigurationThatCannotBeUsedIsRefusedBeforeAnythingStarts(@TempDir Path dir)
      throws Exception {
    Path file = Files.writeString(dir.resolve("c.yaml"), "assignment: {reasignAfterMs: 5}\n");
    assertThat(run("--config", file.toString())).isEqualTo(2);
    assertThat(err.toString())
        .contains(file.toString(), "unknown key 'assignment.reasignAfterMs'", "reassignAfterMs");
  }

  @Test
  void flagsAreCheckedLikeTheFile() {
    assertThat(run("--listen", "nowhere")).isEqualTo(2);
    assertThat(err.toString()).contains("'nowhere' is no host:port");
    assertThat(run("--set", "zookeeper.sessionTimeoutMs=2000")).isEqualTo(2);
    assertThat(err.toString()).contains("lower zookeeper.tickMs");
  }
}
