package io.larder.coordinator.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.larder.coordinator.registry.SlotTable;
import io.larder.protocol.Slots;
import java.util.Arrays;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SlotClaimsTest {
  private final SlotClaims claims = new SlotClaims("a");

  private static SlotTable table(int aOwnsFrom, int aOwnsTo) {
    @Nullable String[] owners = new String[Slots.COUNT];
    Arrays.fill(owners, "b");
    Arrays.fill(owners, aOwnsFrom, aOwnsTo, "a");
    return SlotTable.of(owners, 1);
  }

  @Test
  void everythingOwnedIsClaimedInBatchesOfOneTransaction() {
    var batches = claims.toClaim(table(0, Slots.COUNT), new BitSet());
    assertThat(batches).hasSize(8).allMatch(batch -> batch.length == SlotClaims.BATCH);
    batches.forEach(claims::claimed);
    assertThat(claims.isComplete(table(0, Slots.COUNT))).isTrue();
    assertThat(claims.claimedCount()).isEqualTo(Slots.COUNT);
  }

  @Test
  void slotsOthersStillHoldAreLeftForLater() {
    BitSet held = new BitSet();
    held.set(1);
    assertThat(claims.toClaim(table(0, 3), held)).containsExactly(new int[] {0, 2});
    claims.claimed(new int[] {0, 2});
    assertThat(claims.isComplete(table(0, 3))).isFalse();
    assertThat(claims.toClaim(table(0, 3), new BitSet())).containsExactly(new int[] {1});
  }

  @Test
  void aSlotTakenAwayIsReleasedThenDeletedThenFree() {
    claims.claimed(new int[] {0, 1, 2});
    assertThat(claims.toRelease(table(0, 1))).containsExactly(1, 2);
    claims.released(new int[] {1, 2});
    assertThat(claims.claimedCount()).isEqualTo(1);
    assertThat(claims.toRelease(table(0, 1))).isEmpty();
    assertThat(claims.toDelete()).containsExactly(new int[] {1, 2});
    claims.deleted(new int[] {1, 2});
    assertThat(claims.toDelete()).isEmpty();
  }

  @Test
  void aReleasedSlotThatComesBackIsClaimedAnewOnlyAfterItsDeletion() {
    claims.claimed(new int[] {0});
    claims.released(new int[] {0});
    assertThat(claims.toClaim(table(0, 1), new BitSet())).isEmpty();
    assertThat(claims.isComplete(table(0, 1))).isFalse();
    claims.deleted(new int[] {0});
    assertThat(claims.toClaim(table(0, 1), new BitSet())).containsExactly(new int[] {0});
  }
}
