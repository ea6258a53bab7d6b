package io.larder.node.store.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LongTableTest {
  @Test
  void itBehavesAsAMap() {
    SplittableRandom random = new SplittableRandom(7);
    LongTable table = new LongTable(0);
    Map<Long, Long> model = new HashMap<>();
    for (int i = 0; i < 200_000; i++) {
      // Few high bits in half of them, so that homes collide and wrap around.
      long hash = random.nextInt(2000) + 1L;
      hash = i % 2 == 0 ? -hash : hash * 0x9e3779b97f4a7c15L;
      if (random.nextInt(3) > 0) {
        long value = i + 1L;
        Long old = model.put(hash, value);
        assertThat(table.put(hash, value)).isEqualTo(old == null ? 0 : old);
      } else {
        Long old = model.remove(hash);
        assertThat(table.remove(hash)).isEqualTo(old == null ? 0 : old);
      }
      assertThat(table.size()).isEqualTo(model.size());
    }
    model.forEach((hash, value) -> assertThat(table.get(hash)).isEqualTo(value));
  }

  @Test
  void anEntryCostsAtMost24Bytes() {
    SplittableRandom random = new SplittableRandom(7);
    LongTable table = new LongTable(0);
    for (int i = 1; i <= 10_000; i++) {
      table.put(random.nextLong() | 1, 1);
      if (i >= 100) {
        assertThat(16.0 * table.capacity() / table.size()).isLessThanOrEqualTo(24);
      }
    }
  }
}
