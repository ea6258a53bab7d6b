package io.larder.node.server;

import io.larder.node.block.MemoryPool.Purpose;
import io.larder.node.block.Payload;
import io.larder.node.server.BlockService.PutHandle;
import io.larder.node.server.wire.PayloadBufs;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A put's payload on its way from the socket into its chunks: waiting for memory, then receiving,
 * then complete. A chunk's CRC is computed as its bytes come, while they are in the processor's
 * cache. Belongs to one event loop.
 */
final class PayloadIntake {
  /** Below this the rest comes by way of the inbox, with the requests behind it in one read. */
  private static final int DIRECT_BYTES = 16 << 10;

  /** From this size on a value is written while its second half arrives; 1 MiB gains nothing. */
  private static final int EARLY_BYTES = 2 << 20;

  /** Only one whose first half took no longer, ns. */
  private static final long EARLY_HALF_NANOS = 2_000_000_000L;

  /** And it is given up, to be written when it is whole, if all of it takes longer, ns. */
  private static final long EARLY_WHOLE_NANOS = 6_000_000_000L;

  private final int length;
  private final @Nullable PutRequest request;
  private final CompletableFuture<Payload> grant;
  private final LongSupplier nanoClock;
  private final long askedNanos;
  private @Nullable Payload payload;
  private @Nullable PutHandle handle;
  private long grantedNanos;
  private final CRC32C crc = new CRC32C();
  private int received;
  private boolean early;

  /**
   * Asks for memory.
   *
   * @param request null for a SET whose options come after the value
   * @param nanoClock monotonic
   * @throws IllegalArgumentException if so much can never be granted
   */
  PayloadIntake(
      BlockService service, @Nullable PutRequest request, int length, LongSupplier nanoClock) {
    this.length = length;
    this.nanoClock = nanoClock;
    this.askedNanos = nanoClock.getAsLong();
    this.request = request;
    this.grant = service.pool().allocate(length, Purpose.PUT);
  }

  int length() {
    return length;
  }

  int received() {
    return received;
  }

  CompletableFuture<Payload> grant() {
    return grant;
  }

  boolean isGranted() {
    return payload != null;
  }

  @Nullable PutRequest request() {
    return request;
  }

  @Nullable PutHandle handle() {
    return handle;
  }

  boolean isComplete() {
    return payload != null && received == length;
  }

  /** Memory is there; the put is announced while its bytes arrive. */
  void granted(Payload granted, BlockService service, ClientId client) {
    payload = granted;
    grantedNanos = nanoClock.getAsLong();
    if (request != null) {
      handle = service.beginPut(request.key(), request.options(), client);
    }
  }

  /** Copies what has been received already. */
  void copyFrom(ByteBuf in) {
    Payload into = payload();
    while (received < length && in.isReadable()) {
      int chunk = chunk();
      int offset = offset();
      int taken = Math.min(in.readableBytes(), into.chunkLength(chunk) - offset);
      ByteBuffer space = into.chunk(chunk).slice(offset, taken);
      in.readBytes(space);
      advance(space.flip());
    }
  }

  /** Where the socket should write next; null if the inbox serves as well. */
  @Nullable ByteBuf nextTarget(PayloadBufs bufs) {
    return length - received < DIRECT_BYTES ? null : bufs.toReceive(payload(), chunk(), offset());
  }

  /** The socket has written up to the target's writer index. */
  void receivedInto(ByteBuf target) {
    int offset = offset();
    advance(target.internalNioBuffer(offset, target.writerIndex() - offset));
  }

  private void advance(ByteBuffer arrived) {
    if (!arrived.hasRemaining()) {
      return;
    }
    int chunk = chunk();
    received += arrived.remaining();
    crc.update(arrived);
    if (received == length || chunk() != chunk) {
      payload().setCrc(chunk, (int) crc.getValue());
      crc.reset();
    }
    if (handle != null && length >= EARLY_BYTES && received >= length / 2) {
      tellArrived(handle);
    }
  }

  private void tellArrived(PutHandle waiting) {
    if (!early && received < length) {
      early = nanoClock.getAsLong() - grantedNanos < EARLY_HALF_NANOS;
    }
    if (early) {
      waiting.arrived(payload(), received);
    }
  }

  /** Gives up what was written early of a value that does not come on. */
  void tick(long nowNanos) {
    if (early && handle != null && nowNanos - grantedNanos > EARLY_WHOLE_NANOS) {
      early = false;
      handle.stalled();
    }
  }

  private int chunk() {
    return received >>> 20;
  }

  private int offset() {
    return received & ((1 << 20) - 1);
  }

  /** Where the bytes go; only once granted. */
  Payload payload() {
    Payload present = payload;
    if (present == null) {
      throw new IllegalStateException("a payload was received before its memory was granted");
    }
    return present;
  }

  /** Gives payload and handle away. */
  Payload take() {
    Payload taken = payload();
    payload = null;
    handle = null;
    return taken;
  }

  boolean hasWaitedTooLong(long nowNanos, ServerConfig config) {
    return payload == null && nowNanos - askedNanos > config.waits().memoryMs() * 1_000_000;
  }

  boolean isSlow(long nowNanos, ServerConfig config) {
    long elapsedMs = (nowNanos - grantedNanos) / 1_000_000 - config.patience().progressGraceMs();
    return payload != null
        && received < length
        && received * 1000L < elapsedMs * config.patience().minBytesPerSecond();
  }

  /** The payload is not wanted any more or will not come. */
  void abandon() {
    grant.cancel(false);
    if (handle != null) {
      handle.abandon();
      handle = null;
    }
    if (payload != null) {
      payload.release();
      payload = null;
    }
  }
}
