package io.larder.node.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.larder.node.server.command.CommandSpec;
import io.larder.node.server.command.Commands;
import io.larder.node.server.command.PlainAnswer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The reference of commands says what the table of commands does. */
class CommandReferenceTest {
  private static final Path PAGE = Path.of("..", "docs", "redis-commands.md");
  private static final Pattern NAME = Pattern.compile("\\b(?:KV\\.)?[A-Z]{3,}\\b");

  @Test
  void everyCommandIsInTheReference() throws IOException {
    assertThat(names(Files.readString(PAGE)))
        .containsAll(new Commands().table().published().stream().map(CommandSpec::name).toList());
  }

  @Test
  void thePlainSessionsTableHasTheCommandsThatAreAnsweredInPlaceOfAnError() throws IOException {
    String section =
        Files.readString(PAGE).split("\n## Plain sessions\n", 2)[1].split("\n## ", 2)[0];
    String cells =
        section
            .lines()
            .filter(line -> line.startsWith("| `"))
            .map(line -> line.split("\\|", 3)[1])
            .collect(Collectors.joining("\n"));
    assertThat(names(cells.replace("NX", "")))
        .isEqualTo(
            new Commands()
                .table().published().stream()
                    .filter(spec ->
                        spec.plain() != PlainAnswer.ERROR
                            && spec.plain() != PlainAnswer.ERROR_AND_END)
                    .map(CommandSpec::name)
                    .collect(Collectors.toCollection(TreeSet::new)));
  }

  private static Set<String> names(String text) {
    return NAME.matcher(text)
        .results()
        .map(MatchResult::group)
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
