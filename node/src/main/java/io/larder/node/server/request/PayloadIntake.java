package io.larder.node.server.request;

import io.larder.node.block.MemoryPool.Purpose;
import io.larder.node.block.Payload;
import io.larder.node.server.command.PutRequest;
import io.larder.node.server.wire.MinimumRate;
import io.larder.node.server.wire.PayloadBufs;
import io.larder.node.service.BlockService;
import io.larder.node.service.BlockService.PutHandle;
import io.larder.node.service.ClientId;
import io.larder.node.service.Refusal;
import io.larder.node.service.ServiceException;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A put's payload on its way from the socket into its chunks: it waits for memory, receives, and is
 * complete. A chunk's CRC is computed as its bytes arrive, while they are in the processor's cache.
 * Belongs to one event loop.
 */
final class PayloadIntake {
  /** A smaller rest comes by way of the inbox, in one read with the requests behind it. */
  private static final int DIRECT_BYTES = 16 << 10;

  private final int length;
  private final @Nullable PutRequest request;
  private final CompletableFuture<Payload> grant;
  private final long askedNanos = System.nanoTime();
  private @Nullable Payload payload;
  private @Nullable PutHandle handle;
  private long grantedNanos;
  private final CRC32C crc = new CRC32C();
  private int received;

  /**
   * Asks for memory.
   *
   * @param request null for a SET whose options come after the value
   * @throws ServiceException if the pool is smaller than the payload
   */
  PayloadIntake(BlockService service, @Nullable PutRequest request, int length) {
    this.length = length;
    this.request = request;
    try {
      this.grant = service.pool().allocate(length, Purpose.PUT);
    } catch (IllegalArgumentException e) {
      throw new ServiceException(
          Refusal.TOO_LARGE, "ERR " + e.getMessage() + ": give the node a larger pool");
    }
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

  /** Takes the memory, and announces the put while its bytes arrive. */
  void granted(Payload granted, BlockService service, ClientId client) {
    payload = granted;
    grantedNanos = System.nanoTime();
    if (request != null) {
      handle = service.beginPut(request.key(), request.options(), client);
    }
  }

  /** Copies the bytes that are in a buffer already. */
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

  /** The buffer that the socket should write into next; null if the inbox serves as well. */
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
  }

  private int chunk() {
    return received >>> 20;
  }

  private int offset() {
    return received & ((1 << 20) - 1);
  }

  /** The memory; only once granted. */
  Payload payload() {
    Payload present = payload;
    if (present == null) {
      throw new IllegalStateException("a payload was received before its memory was granted");
    }
    return present;
  }

  /** Hands payload and handle over to the caller. */
  Payload take() {
    Payload taken = payload();
    payload = null;
    handle = null;
    return taken;
  }

  boolean hasWaitedLongerThan(long timeoutMs, long nowNanos) {
    return payload == null && nowNanos - askedNanos > timeoutMs * 1_000_000;
  }

  boolean isSlow(long nowNanos, MinimumRate rate) {
    return payload != null && received < length && rate.isMissed(received, nowNanos - grantedNanos);
  }

  /** Releases what it holds: the payload is not needed any more or will not come. */
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
