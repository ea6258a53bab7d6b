package io.larder.bench.faults;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.larder.bench.faults.ByteCounter.Outcome;
import io.larder.bench.faults.ByteCounter.Reading;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The emulated client goes wrong where the real one does; else it would show nothing. */
class ByteCounterTest {
  private static final int PATIENCE_MS = 120_000;

  @Test
  void whatIsLeftOfAnErrorIsTakenForTheNextReplies() throws IOException {
    try (ScriptedNode node = new ScriptedNode("-TRYAGAIN no\r\n$10\r\nvalue of a\r\n");
        ByteCounter client = node.connect(Reading.BY_COUNT, PATIENCE_MS)) {
      assertThat(client.delete("k")).isEqualTo(Outcome.OUT_OF_STEP);
      for (int call = 0; call < 3; call++) { // `AGAIN`, ` no`, the head of a value
        assertThat(client.set("a", new byte[10])).isEqualTo(Outcome.OUT_OF_STEP);
      }
    }
  }

  @Test
  void aClientThatReadsLinesIsOutOfStepForOneReplyOnly() throws IOException {
    try (ScriptedNode node =
            new ScriptedNode("-TRYAGAIN no\r\n:1\r\n$10\r\n0123456789\r\n$-1\r\n");
        ByteCounter client = node.connect(Reading.BY_LINE, PATIENCE_MS)) {
      byte[] into = new byte[10];
      assertThat(client.exists("k")).isEqualTo(Outcome.OUT_OF_STEP);
      assertThat(client.exists("k")).isEqualTo(Outcome.YES);
      assertThat(client.get("k", into)).isEqualTo(Outcome.YES);
      assertThat(into).asString(ISO_8859_1).isEqualTo("0123456789");
      assertThat(client.get("k", into)).isEqualTo(Outcome.NO);
      assertThat(client.nils()).isEqualTo(1);
    }
  }

  @Test
  void anotherKeysValueOfTheSameLengthIsTakenForTheOneAskedFor() throws IOException {
    // Ten bytes of an error are left: two heads of a value of ten bytes, which is what 0.5.6 reads.
    try (ScriptedNode node = new ScriptedNode("-ERR-TEN-MORE\r$10\r\nvalue of a\r\n");
        ByteCounter client = node.connect(Reading.BY_COUNT, PATIENCE_MS)) {
      byte[] into = new byte[10];
      assertThat(client.exists("k")).isEqualTo(Outcome.OUT_OF_STEP);
      assertThat(client.get("a", into)).isEqualTo(Outcome.OUT_OF_STEP);
      assertThat(client.get("b", into)).isEqualTo(Outcome.OUT_OF_STEP);
      assertThat(client.get("c", into)).isEqualTo(Outcome.YES);
      assertThat(into).asString(ISO_8859_1).isEqualTo("value of a");
    }
  }

  @ParameterizedTest
  @EnumSource(Reading.class)
  void aClosedConnectionIsDeadForEver(Reading reading) throws IOException {
    try (ScriptedNode node = new ScriptedNode("");
        ByteCounter client = node.connect(reading, PATIENCE_MS)) {
      node.hangUp();
      assertThat(client.exists("k")).isEqualTo(Outcome.DEAD);
      assertThat(client.set("k", new byte[10])).isEqualTo(Outcome.DEAD);
    }
  }

  @ParameterizedTest
  @EnumSource(Reading.class)
  void aReplyThatDoesNotComeIsAHang(Reading reading) throws IOException {
    try (ScriptedNode node = new ScriptedNode(":");
        ByteCounter client = node.connect(reading, 50)) {
      assertThat(client.exists("k")).isEqualTo(Outcome.HUNG);
    }
  }
}
