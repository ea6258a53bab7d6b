package io.larder.node.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.larder.node.block.MemoryPool.Purpose;
import io.larder.testing.Patience;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class MemoryPoolTest {
  private static final int MIB = 1 << 20;

  private record Held(Payload payload, byte mark) {}

  private static void fill(Payload payload, byte mark) {
    for (int i = 0; i < payload.chunkCount(); i++) {
      ByteBuffer chunk = payload.chunk(i);
      byte[] bytes = new byte[chunk.remaining()];
      Arrays.fill(bytes, mark);
      chunk.put(bytes);
    }
  }

  private static void check(Held held) {
    for (int i = 0; i < held.payload().chunkCount(); i++) {
      ByteBuffer chunk = held.payload().chunk(i);
      byte[] bytes = new byte[chunk.remaining()];
      chunk.get(bytes);
      byte[] expected = new byte[bytes.length];
      Arrays.fill(expected, held.mark());
      assertThat(Arrays.equals(bytes, expected)).isTrue();
    }
  }

  @Test
  void noTwoPayloadsEverShareMemoryAndAllOfItComesBack() {
    SplittableRandom random = new SplittableRandom(42);
    try (MemoryPool pool = new MemoryPool(16 * MIB, 0)) {
      List<Held> held = new ArrayList<>();
      int refused = 0;
      for (int i = 0; i < 20_000; i++) {
        if (held.isEmpty() || random.nextInt(100) < 55) {
          int length = random.nextInt(10) == 0 ? random.nextInt(3 * MIB) : random.nextInt(100_000);
          Payload payload = pool.tryAllocate(length, Purpose.PUT);
          if (payload == null) {
            refused++;
          } else {
            byte mark = (byte) i;
            fill(payload, mark);
            held.add(new Held(payload, mark));
          }
        } else {
          Held one = held.remove(random.nextInt(held.size()));
          check(one);
          one.payload().release();
        }
        long occupied = held.stream().mapToLong(h -> h.payload().occupiedBytes()).sum();
        assertThat(pool.usedBytes()).isEqualTo(occupied);
      }
      assertThat(refused).isPositive();
      held.forEach(one -> {
        check(one);
        one.payload().release();
      });
      assertThat(pool.usedBytes()).isZero();
      // Everything has grown together again: the whole pool in one payload.
      Payload all = pool.tryAllocate(16 * MIB, Purpose.PUT);
      assertThat(all).isNotNull();
      all.release();
    }
  }

  @Test
  void waitersAreServedFirstComeFirstServedAndPutsLeaveTheFloor() throws Exception {
    try (MemoryPool pool = new MemoryPool(8 * MIB, 2 * MIB)) {
      Payload six = Patience.get(pool.allocate(6 * MIB, Purpose.PUT));
      CompletableFuture<Payload> large = pool.allocate(5 * MIB, Purpose.PUT);
      CompletableFuture<Payload> small = pool.allocate(1, Purpose.PUT);
      assertThat(large).isNotDone();
      assertThat(small).isNotDone(); // not past the one before it
      Payload read = Patience.get(pool.allocate(2 * MIB, Purpose.READ));
      assertThat(pool.waiting()).isEqualTo(2);
      read.release();
      six.release();
      Patience.get(large).release();
      Patience.get(small).release();
      assertThat(pool.usedBytes()).isZero();
      assertThatThrownBy(() -> pool.allocate(7 * MIB, Purpose.PUT))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void aCancelledWaiterDoesNotHoldUpTheNext() throws Exception {
    try (MemoryPool pool = new MemoryPool(4 * MIB, 0)) {
      Payload all = Patience.get(pool.allocate(4 * MIB, Purpose.PUT));
      CompletableFuture<Payload> first = pool.allocate(4 * MIB, Purpose.PUT);
      CompletableFuture<Payload> second = pool.allocate(MIB, Purpose.PUT);
      assertThat(first.cancel(false)).isTrue();
      all.release();
      Patience.get(second).release();
      assertThat(pool.usedBytes()).isZero();
      assertThat(pool.waiting()).isZero();
    }
  }

  @Test
  void aFullPoolAsksItsEvictor() throws Exception {
    try (MemoryPool pool = new MemoryPool(4 * MIB, 0)) {
      ArrayDeque<Payload> hot = new ArrayDeque<>();
      pool.setEvictor(bytes -> {
        Payload oldest = hot.poll();
        if (oldest == null) {
          return false;
        }
        oldest.release();
        return true;
      });
      for (int i = 0; i < 100; i++) {
        hot.add(Patience.get(pool.allocate(MIB + 1, Purpose.PUT)));
      }
      hot.forEach(Payload::release);
      assertThat(pool.usedBytes()).isZero();
    }
  }

  @Test
  void manyThreadsThatWaitAllGetTheirTurn() throws Exception {
    try (MemoryPool pool = new MemoryPool(8 * MIB, MIB);
        ExecutorService threads = Executors.newFixedThreadPool(8)) {
      List<Future<?>> all = new ArrayList<>();
      for (int t = 0; t < 8; t++) {
        int seed = t;
        all.add(
            threads.submit(() -> {
              SplittableRandom random = new SplittableRandom(seed);
              for (int i = 0; i < 500; i++) {
                Purpose purpose = random.nextBoolean() ? Purpose.PUT : Purpose.READ;
                Payload payload = Patience.get(pool.allocate(random.nextInt(4 * MIB), purpose));
                payload.release();
              }
              return null;
            }));
      }
      for (Future<?> one : all) {
        Patience.get(one);
      }
      assertThat(pool.usedBytes()).isZero();
      assertThat(pool.waiting()).isZero();
    }
  }

  @Test
  void whatIsHeldWhenThePoolClosesStaysMapped() throws Exception {
    MemoryPool pool = new MemoryPool(4 * MIB, 0);
    Payload held = pool.allocate(MIB, Purpose.READ).get();
    CompletableFuture<Payload> waiting = pool.allocate(4 * MIB, Purpose.READ);
    pool.close();
    assertThat(waiting).isCancelled();
    assertThatThrownBy(() -> pool.allocate(1, Purpose.READ)).hasMessageContaining("is closed");
    assertThat(pool.tryAllocate(1, Purpose.READ)).isNull();
    fill(held, (byte) 9); // as a device's late answer does
    check(new Held(held, (byte) 9));
    held.release();
  }
}
