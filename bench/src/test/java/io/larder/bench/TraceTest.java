package io.larder.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TraceTest {
  @TempDir Path dir;

  @Test
  void theSliceInTheJarIsTheFirstTwoThousandConversations() {
    Trace trace = Trace.conversationSlice();
    assertThat(trace.requests()).hasSize(2000);
    assertThat(trace.lookups()).isEqualTo(54_559);
    assertThat(trace.distinctBlocks()).isEqualTo(38_788);
    assertThat(trace.requests().get(3).blockIds()).containsExactly(0L, 42L, 43L, 44L, 45L);
    assertThat(trace.requests().getLast().timestampMs()).isEqualTo(669_000);
    assertThat(trace.idealHitRatio()).isCloseTo(15_771.0 / 54_559, within(1e-12));
  }

  @Test
  void theIdealCountsPrefixesOnly() throws IOException {
    Path file = dir.resolve("t.jsonl");
    Files.writeString(
        file,
        """
        {"timestamp": 0, "input_length": 1, "output_length": 2, "hash_ids": [1, 2, 3]}

        {"timestamp": 7, "input_length": 3, "output_length": 4, "hash_ids": [1, 9, 3]}
        {"timestamp": 8, "input_length": 3, "output_length": 4, "hash_ids": [1, 9, 3]}
        """);
    Trace trace = Trace.read(file, 2);
    assertThat(trace.requests()).hasSize(2);
    assertThat(trace.requests().get(1).inputTokens()).isEqualTo(3);
    assertThat(trace.idealHitRatio()).isEqualTo(1.0 / 6);
    assertThat(Trace.read(file, 10).idealHitRatio()).isEqualTo(4.0 / 9);
    assertThat(Trace.read(file, 10).first(1).idealHitRatio()).isZero();
  }

  @Test
  void aLineThatIsNoRequestIsNamed() throws IOException {
    Path file = dir.resolve("bad.jsonl");
    Files.writeString(file, "{\"timestamp\": 0, \"hash_ids\": [1]}\n{\"timestamp\": 1}\n");
    assertThatThrownBy(() -> Trace.read(file, 10))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("bad.jsonl: line 2: no hash_ids");
    Files.writeString(file, "SET k v\n");
    assertThatThrownBy(() -> Trace.read(file, 10)).hasMessageContaining("bad.jsonl: line 1: ");
  }
}
