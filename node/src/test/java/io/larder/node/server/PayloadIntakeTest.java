package io.larder.node.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.larder.node.block.Block;
import io.larder.node.block.MemoryPool;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** When a value may be written while it arrives. */
class PayloadIntakeTest {
  private static final int MIB = 1 << 20;

  private final MemoryPool pool = new MemoryPool(64 * MIB, 16 * MIB);
  private final MapBlockService service = new MapBlockService(pool, 32 * MIB);

  private long nowNanos;

  @AfterEach
  void close() {
    assertThat(pool.usedBytes()).isZero();
    pool.close();
  }

  private PayloadIntake intake(int length) throws Exception {
    PutOptions options = new PutOptions(Block.NO_METADATA, PutOptions.NO_EXPIRY, null, 0, length);
    PutRequest request =
        new PutRequest(
            service.keyspace().key("k".getBytes(UTF_8)), options, null, PutRequest.Replies.SET);
    PayloadIntake intake = new PayloadIntake(service, request, length, () -> nowNanos);
    intake.granted(intake.grant().get(20, TimeUnit.SECONDS), service, new ClientId(1));
    return intake;
  }

  private static void receive(PayloadIntake intake, int bytes) {
    ByteBuf some = Unpooled.wrappedBuffer(new byte[bytes]);
    intake.copyFrom(some);
    some.release();
  }

  @Test
  void aLargeValueMayBeFromItsHalfOn() throws Exception {
    PayloadIntake intake = intake(4 * MIB);
    receive(intake, 2 * MIB - 1);
    assertThat(service.arrivedBytes).hasValue(0);
    receive(intake, 1);
    assertThat(service.arrivedBytes).hasValue(2 * MIB);
    receive(intake, MIB);
    assertThat(service.arrivedBytes).hasValue(3 * MIB);
    intake.abandon();
  }

  @Test
  void aSmallerOneIsNot() throws Exception {
    PayloadIntake intake = intake(MIB);
    receive(intake, MIB);
    assertThat(service.arrivedBytes).hasValue(0);
    intake.abandon();
  }

  @Test
  void neitherIsOneThatComesSlowly() throws Exception {
    PayloadIntake intake = intake(4 * MIB);
    nowNanos = TimeUnit.SECONDS.toNanos(3);
    receive(intake, 3 * MIB);
    assertThat(service.arrivedBytes).hasValue(0);
    intake.abandon();
  }

  @Test
  void oneThatDoesNotComeOnIsGivenUp() throws Exception {
    PayloadIntake intake = intake(4 * MIB);
    receive(intake, 3 * MIB);
    nowNanos = TimeUnit.SECONDS.toNanos(5);
    intake.tick(nowNanos);
    assertThat(service.arrivedBytes).hasValue(3 * MIB);
    nowNanos = TimeUnit.SECONDS.toNanos(7);
    intake.tick(nowNanos);
    assertThat(service.arrivedBytes).hasValue(0);
    receive(intake, MIB / 2);
    assertThat(service.arrivedBytes).hasValue(0);
    intake.abandon();
  }
}
