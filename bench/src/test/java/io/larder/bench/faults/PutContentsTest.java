package io.larder.bench.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PutContentsTest {
  @ParameterizedTest
  @ValueSource(ints = {8, 9, 15, 16, 17, 1_000, 65_537})
  void aValueNamesItsPutAndEveryWrongByteIsNoticed(int length) {
    byte[] value = PutContents.of(123_456_789L, length);
    assertThat(PutContents.putOf(ByteBuffer.wrap(value))).isEqualTo(123_456_789L);
    int step = Math.max(1, length / 100);
    for (int at = 0; at < length; at += step) {
      byte[] wrong = value.clone();
      wrong[at] ^= 1;
      assertThat(PutContents.putOf(ByteBuffer.wrap(wrong))).isNotEqualTo(123_456_789L);
    }
    assertThat(PutContents.putOf(ByteBuffer.wrap(Arrays.copyOf(value, length - 1)))).isEqualTo(-1);
    assertThat(PutContents.putOf(ByteBuffer.wrap(Arrays.copyOf(value, length + 1)))).isEqualTo(-1);
  }
}
