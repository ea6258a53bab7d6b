package io.larder.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BlockContentTest {
  private static ByteBuffer block(int bytes, long id, int salt) {
    ByteBuffer block = ByteBuffer.allocateDirect(bytes);
    BlockContent.fill(block, id, salt);
    return block;
  }

  @ParameterizedTest
  @ValueSource(ints = {8, 9, 15, 4096, 65_536, 65_541})
  void everyServersBlockVerifiesAndTellsWhoMadeIt(int bytes) {
    for (int salt = 1; salt <= BlockContent.MAX_SALT; salt++) {
      assertThat(BlockContent.verify(block(bytes, 42, salt), 42)).hasValue(salt);
    }
  }

  @Test
  void everySingleFlippedBitIsNoticed() {
    ByteBuffer block = block(67, 7, 3);
    for (int at = 0; at < 67; at++) {
      for (int bit = 0; bit < 8; bit++) {
        byte before = block.get(at);
        block.put(at, (byte) (before ^ 1 << bit));
        assertThat(BlockContent.verify(block, 7)).as("byte %d bit %d", at, bit).isEmpty();
        block.put(at, before);
      }
    }
    assertThat(BlockContent.verify(block, 7)).hasValue(3);
  }

  @Test
  void aBlockMixedFromTwoServersIsNoticed() {
    ByteBuffer block = block(64, 7, 1);
    block.put(32, block(64, 7, 2), 32, 32);
    assertThat(BlockContent.verify(block, 7)).isEmpty();
  }

  @Test
  void anotherBlocksBytesAreNoticed() {
    assertThat(BlockContent.verify(block(4096, 8, 1), 9)).isEmpty();
  }

  @Test
  void twoServersDifferInLowBitsOnly() {
    ByteBuffer one = block(4096, 5, 1);
    ByteBuffer two = block(4096, 5, 2);
    int different = 0;
    for (int at = 0; at < 4096; at++) {
      int difference = one.get(at) ^ two.get(at);
      assertThat(difference).isBetween(0, 1);
      different += difference;
    }
    assertThat(different).isPositive();
  }

  @Test
  void aSaltOutOfRangeIsRefused() {
    assertThatThrownBy(() -> block(8, 1, 0)).hasMessageContaining("salt 0");
    assertThatThrownBy(() -> block(8, 1, 256)).hasMessageContaining("salt 256");
  }
}
