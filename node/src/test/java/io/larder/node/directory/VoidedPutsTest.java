package io.larder.node.directory;

import static org.assertj.core.api.Assertions.assertThat;

import io.larder.node.block.KeyRef;
import io.larder.node.directory.VoidedPuts.Voided;
import io.larder.protocol.PutToken;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class VoidedPutsTest {
  private static final int SLOT = 7;
  private static final long KEY = 0xcafeL;
  private static final PutToken UP_TO = new PutToken(100, 5);

  private final VoidedPuts voided = new VoidedPuts();

  private boolean note(long key, PutToken upTo) {
    return voided.add(new Voided(new KeyRef(SLOT, key), upTo));
  }

  @Test
  void valuesUpToTheNotedTokenAreVoidAndLaterOnesNot() {
    assertThat(note(KEY, UP_TO)).isTrue();
    assertThat(voided.isVoid(SLOT, KEY, new PutToken(100, 4))).isTrue();
    assertThat(voided.isVoid(SLOT, KEY, UP_TO)).isTrue();
    assertThat(voided.isVoid(SLOT, KEY, new PutToken(100, 6))).isFalse();
    assertThat(voided.isVoid(SLOT, KEY, new PutToken(99, 1_000))).as("an earlier owner's").isTrue();
    assertThat(voided.isVoid(SLOT, KEY, new PutToken(101, 1))).as("a later owner's").isFalse();
    assertThat(voided.isVoid(SLOT, KEY + 1, UP_TO)).as("another key").isFalse();
    assertThat(voided.isVoid(SLOT + 1, KEY, UP_TO)).as("another slot").isFalse();
  }

  @Test
  void ofTwoNotesOfAKeyTheLaterTokenCounts() {
    PutToken later = new PutToken(101, 1);
    assertThat(note(KEY, UP_TO)).isTrue();
    assertThat(note(KEY, UP_TO)).as("known").isFalse();
    assertThat(note(KEY, later)).isTrue();
    assertThat(note(KEY, UP_TO)).as("goes less far").isFalse();
    assertThat(voided.upTo(SLOT, KEY)).isEqualTo(later);
    assertThat(voided.size()).isEqualTo(1);
    assertThat(voided.bySlot().keySet()).isEqualTo(Set.of(SLOT));
    assertThat(voided.bySlot().get(SLOT)).containsExactly(new Voided(new KeyRef(SLOT, KEY), later));
  }

  @Test
  void theOldestNoteGoesWhenThereAreTooManyAndIsCounted() {
    for (int key = 0; key < VoidedPuts.MAX; key++) {
      assertThat(note(key, UP_TO)).isTrue();
    }
    assertThat(voided.overflows()).isZero();
    assertThat(note(0, new PutToken(100, 6))).as("the first becomes the newest").isTrue();
    assertThat(note(VoidedPuts.MAX, UP_TO)).isTrue();
    assertThat(voided.size()).isEqualTo(VoidedPuts.MAX);
    assertThat(voided.overflows()).isEqualTo(1);
    assertThat(voided.isVoid(SLOT, 1, UP_TO)).as("the oldest").isFalse();
    assertThat(voided.isVoid(SLOT, 0, UP_TO)).isTrue();
    assertThat(voided.isVoid(SLOT, VoidedPuts.MAX, UP_TO)).isTrue();
  }

  @Test
  void nothingIsVoidAtFirst() {
    assertThat(voided.isVoid(SLOT, KEY, UP_TO)).isFalse();
    assertThat(voided.bySlot()).isEqualTo(Map.of());
  }
}
