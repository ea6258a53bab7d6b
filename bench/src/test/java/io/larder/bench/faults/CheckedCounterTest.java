package io.larder.bench.faults;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.larder.bench.faults.ByteCounter.Outcome;
import io.larder.bench.faults.ByteCounter.Reading;
import io.larder.bench.verdict.BrokenPromise;
import io.larder.bench.verdict.Evidence;
import io.larder.bench.verdict.StallWatch;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a byte-counting client sees is evidence against the node, or is not. */
class CheckedCounterTest {
  private static final int PATIENCE_MS = 120_000;
  private static final CountedKeys KEYS = new CountedKeys("k-", 1, List.of(1_000));
  private static final CountedKeys OTHERS = new CountedKeys("o-", 2, List.of(1_000));

  private final Evidence evidence = new Evidence();
  private final CountedTotals totals = new CountedTotals();
  private final StallWatch stalls = StallWatch.start();

  private CheckedCounter of(ScriptedNode node, Reading reading) throws IOException {
    return new CheckedCounter(
        "client", node.connect(reading, PATIENCE_MS), KEYS, evidence, stalls, totals);
  }

  private static byte[] replies(Object... parts) throws IOException {
    ByteArrayOutputStream replies = new ByteArrayOutputStream();
    for (Object part : parts) {
      if (part instanceof byte[] value) {
        replies.write(("$" + value.length + "\r\n").getBytes(ISO_8859_1));
        replies.write(value);
        replies.write("\r\n".getBytes(ISO_8859_1));
      } else {
        replies.write(part.toString().getBytes(ISO_8859_1));
      }
    }
    return replies.toByteArray();
  }

  @ParameterizedTest
  @EnumSource(Reading.class)
  void theBytesOfAnotherKeyAreWrongWhosoeverTheyAre(Reading reading) throws IOException {
    byte[] script = replies(KEYS.value(7), KEYS.value(8), OTHERS.value(7), new byte[1_000]);
    try (ScriptedNode node = new ScriptedNode(script);
        CheckedCounter client = of(node, reading)) {
      assertThat(client.get(7)).isEqualTo(Outcome.YES);
      assertThat(evidence.verdict().counts()).isEmpty();
      for (int read = 1; read <= 3; read++) {
        assertThat(client.get(7)).isEqualTo(Outcome.YES);
        assertThat(evidence.verdict().count(BrokenPromise.WRONG_BYTES)).isEqualTo(read);
      }
      assertThat(totals.read()).isEqualTo(4);
    }
  }

  @ParameterizedTest
  @EnumSource(Reading.class)
  void anErrorIsWrongBytesAsWhatIsLeftOfItIsTheNextKeys(Reading reading) throws IOException {
    try (ScriptedNode node = new ScriptedNode("-TRYAGAIN no\r\n");
        CheckedCounter client = of(node, reading)) {
      assertThat(client.delete(1)).isEqualTo(Outcome.OUT_OF_STEP);
      assertThat(client.isInStep()).isFalse();
      assertThat(evidence.verdict().count(BrokenPromise.WRONG_BYTES)).isEqualTo(1);
    }
  }

  @Test
  void aNilAfterExistsIsCountedUnlessTheKeyMayBeDeleted() throws IOException {
    String pair = ":1\r\n$-1\r\n";
    try (ScriptedNode node = new ScriptedNode(pair + pair + ":0\r\n+OK\r\n");
        CheckedCounter client = of(node, Reading.BY_COUNT)) {
      assertThat(client.existsThenGet(1, false)).isEqualTo(Outcome.NO);
      assertThat(client.existsThenGet(1, true)).isEqualTo(Outcome.NO);
      assertThat(client.existsThenGet(1, false)).isEqualTo(Outcome.NO);
      assertThat(client.set(1)).isEqualTo(Outcome.YES);
      assertThat(totals.nilsAfterExists()).isEqualTo(1);
      assertThat(totals.accepted()).isEqualTo(1);
      assertThat(totals.calls()).isEqualTo(6);
      assertThat(evidence.verdict().counts()).isEmpty();
    }
  }

  @Test
  void theEndOfTheConnectionIsLeftToWhoKnowsOfTheNodesProcess() throws IOException {
    try (ScriptedNode node = new ScriptedNode("");
        CheckedCounter client = of(node, Reading.BY_LINE)) {
      node.hangUp();
      assertThat(client.exists(1)).isEqualTo(Outcome.DEAD);
      assertThat(client.isInStep()).isFalse();
      assertThat(evidence.verdict().counts()).isEmpty();
    }
  }
}
