package io.larder.node.hot;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.Keyspace;
import io.larder.node.block.MemoryPool;
import io.larder.node.block.MemoryPool.Purpose;
import io.larder.node.block.Payload;
import io.larder.protocol.PutToken;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HotTierTest {
  private static final int BYTES = 4096;
  private static final int FULL_ENTRIES = 100;

  /** What one entry weighs, about. */
  private static final int ENTRY_BYTES = BYTES + 300;

  private final Keyspace keyspace = new Keyspace("test");
  private final MemoryPool pool = new MemoryPool(64 << 20, 0);
  private final AtomicLong nowMs = new AtomicLong(1_000_000);
  private final HotTier hot =
      new HotTier((long) FULL_ENTRIES * ENTRY_BYTES, () -> nowMs.get() * 1_000_000);

  @AfterEach
  void close() {
    pool.close();
  }

  @Test
  void aCopyOfAPeersBlockIsServedForAMinuteAndThenItsMemoryIsBack() {
    put("peer's", true);
    put("own", false);

    nowMs.addAndGet(HotTier.PEER_COPY_MS - 1);
    assertThat(read("peer's")).isTrue();
    nowMs.addAndGet(1);
    assertThat(read("peer's")).isFalse();
    assertThat(read("own")).isTrue();
    assertThat(pool.usedBytes()).isEqualTo(BYTES);
  }

  @Test
  void whatIsReadOutlivesWhatIsNot() {
    put("read", false);
    for (int i = 0; i < FULL_ENTRIES * 3 / 4; i++) { // an emptier cache counts nothing yet
      put("first-" + i, false);
    }
    for (int i = 0; i < 10; i++) {
      nowMs.addAndGet(HotTier.COUNTED_EVERY_MS);
      assertThat(read("read")).isTrue();
    }
    for (int i = 0; i < 5 * FULL_ENTRIES; i++) {
      put("passing-" + i, false);
    }
    assertThat(read("read")).isTrue();
    assertThat(hot.entries()).isLessThanOrEqualTo(FULL_ENTRIES);
  }

  private void put(String name, boolean peerCopy) {
    Key key = key(name);
    Payload payload = pool.allocate(BYTES, Purpose.PUT).join();
    hot.put(
        key,
        new Block(new PutToken(1, 1), Block.NO_METADATA, Block.NEVER, payload),
        peerCopy,
        hot.fillMark(key));
    payload.release();
  }

  private boolean read(String name) {
    @Nullable Block block = hot.get(key(name), nowMs.get());
    if (block != null) {
      block.payload().release();
    }
    return block != null;
  }

  private Key key(String name) {
    return keyspace.key(name.getBytes(UTF_8));
  }
}
