package io.larder.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class SlotsTest {
  /** CRC16 as the specification has it, a bit at a time. */
  private static int bitByBit(byte[] key) {
    int crc = 0;
    for (byte b : key) {
      crc ^= (b & 0xff) << 8;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
      }
      crc &= 0xffff;
    }
    return crc % Slots.COUNT;
  }

  private static int slot(String key) {
    return Slots.of(key.getBytes(UTF_8));
  }

  @Test
  void keysOfEveryLengthHaveTheSlotOfTheirCrc() {
    Random random = new Random(7);
    for (int length = 0; length < 200; length++) {
      byte[] key = new byte[length];
      random.nextBytes(key);
      for (int i = 0; i < length; i++) {
        if (key[i] == '{') {
          key[i] = '}';
        }
      }
      assertThat(Slots.of(key)).as("%d bytes", length).isEqualTo(bitByBit(key));
    }
  }

  @Test
  void aHashTagIsFoundWhereverItBegins() {
    int tagged = bitByBit("user1000".getBytes(UTF_8));
    for (int before = 0; before < 20; before++) {
      String key = "k".repeat(before) + "{user1000}.following";
      assertThat(slot(key)).as(key).isEqualTo(tagged);
    }
  }

  @Test
  void theSpecificationsExamples() {
    assertThat(slot("123456789")).isEqualTo(0x31c3); // the CRC's check value
    assertThat(slot("foo{}{bar}")).isEqualTo(bitByBit("foo{}{bar}".getBytes(UTF_8)));
    assertThat(slot("foo{{bar}}zap")).isEqualTo(bitByBit("{bar".getBytes(UTF_8)));
    assertThat(slot("foo{bar}{zap}")).isEqualTo(bitByBit("bar".getBytes(UTF_8)));
    assertThat(slot("no end {")).isEqualTo(bitByBit("no end {".getBytes(UTF_8)));
  }
}
