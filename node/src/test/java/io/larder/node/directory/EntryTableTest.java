package io.larder.node.directory;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class EntryTableTest {

  @Test
  void keepsWhatAMapKeepsThroughRandomPutsAndRemovals() {
    long seed = 20261120;
    Random random = new Random(seed);
    EntryTable table = new EntryTable();
    Map<Long, long[]> model = new HashMap<>();
    for (int step = 0; step < 200_000; step++) {
      int key = random.nextInt(3000);
      long home = (key % 300) * 0x9E3779B97F4A7C15L; // tens of keys share one, or lie beside it
      long fingerprint = (home & 0xffff_0000_0000_0000L) | (key + 1);
      if (random.nextInt(3) == 0) {
        int place = table.find(fingerprint);
        assertThat(place >= 0)
            .as("seed %d step %d", seed, step)
            .isEqualTo(model.containsKey(fingerprint));
        if (place >= 0) {
          table.remove(place);
          model.remove(fingerprint);
        }
      } else {
        long stamp = random.nextLong();
        long expiry = random.nextInt(10) == 0 ? random.nextInt(1000) : EntryTable.NEVER;
        int holder = random.nextInt(65_536);
        table.put(fingerprint, stamp, expiry, holder);
        model.put(fingerprint, new long[] {stamp, expiry, holder});
      }
      assertThat(table.size()).isEqualTo(model.size());
    }
    model.forEach((fingerprint, expected) -> {
      int place = table.find(fingerprint);
      assertThat(place).isNotNegative();
      assertThat(new long[] {table.stamp(place), table.expiresAtMs(place), table.holder(place)})
          .containsExactly(expected);
    });
  }
}
