package io.larder.node.store.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.larder.node.store.format.Location;
import io.larder.node.store.log.RelocationPolicy.Candidate;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RelocationPolicyTest {
  private static final int RECORDS = 100;
  private static final int UNITS = 4096;
  private static final long SEGMENT_BYTES = (long) RECORDS * UNITS * Location.UNIT_BYTES;

  private final RelocationPolicy policy = new RelocationPolicy(SEGMENT_BYTES);

  /**
   * A segment's records, of which the first {@code read} were read so often, the later the more.
   */
  private static List<Candidate> segment(int read, int reads) {
    List<Candidate> records = new ArrayList<>();
    for (int i = 0; i < RECORDS; i++) {
      long location = Location.pack(1, i * UNITS, UNITS);
      LiveRecord live = new LiveRecord(i, i + 1, location);
      records.add(new Candidate(live, i < read ? Math.min(255, reads + i) : 0));
    }
    return records;
  }

  private List<Long> carried(List<Candidate> records) {
    return policy.choose(records, SEGMENT_BYTES).stream().map(LiveRecord::fingerprint).toList();
  }

  @Test
  void thoseReadMostAreCarriedOnAsFarAsTheBudgetGoes() {
    List<Long> carried = carried(segment(50, 20));
    assertThat(carried).hasSizeBetween(15, 16).startsWith(50L, 49L, 48L);
  }

  @Test
  void whatWasNotReadIsNot() {
    assertThat(carried(segment(0, 0))).isEmpty();
    assertThat(carried(segment(3, 20))).containsExactly(3L, 2L, 1L);
  }

  @Test
  void whatOneSegmentDoesNotUseIsLeftForAnother() {
    for (int i = 0; i < 3; i++) {
      assertThat(carried(segment(0, 0))).isEmpty();
    }
    assertThat(carried(segment(100, 20))).hasSizeBetween(60, 64);
    assertThat(carried(segment(100, 20))).hasSizeBetween(15, 17); // the long run stays the same
  }

  @Test
  void aSegmentThatIsMostlyHotIsSparedAndOneThatIsNotIsNot() {
    assertThat(policy.spares(segment(45, 20))).isTrue();
    assertThat(policy.spares(segment(35, 20))).isFalse();
    for (int i = 0; i < 100; i++) { // where all is warm only what is hot counts
      assertThat(carried(segment(100, 100))).isNotEmpty();
    }
    assertThat(policy.spares(segment(60, 20))).isFalse();
    assertThat(policy.spares(segment(60, 200))).isTrue();
  }

  @Test
  void aReadCountsHalfAsMuchAfterEachHalfTurn() {
    ReadCounts reads = new ReadCounts();
    reads.add(7);
    reads.add(7);
    assertThat(reads.of(7)).isEqualTo(2 * ReadCounts.READ);
    assertThat(reads.of(8)).isZero();
    reads.age();
    assertThat(reads.of(7)).isEqualTo(ReadCounts.READ);
    for (int i = 0; i < 100; i++) {
      reads.add(7);
    }
    assertThat(reads.of(7)).isEqualTo(255);
  }
}
