package io.larder.node.server.request;

import io.larder.node.block.MemoryPool;
import io.larder.node.block.Payload;
import io.larder.node.server.command.Answer;
import io.larder.node.server.command.Answer.Now;
import io.larder.node.server.command.Call;
import io.larder.node.server.command.CommandSpec.PayloadPlace;
import io.larder.node.server.command.PutRequest;
import io.larder.node.server.command.ReceivedPut;
import io.larder.node.server.command.Rejection;
import io.larder.node.server.command.Session;
import io.larder.node.server.command.Transaction;
import io.larder.node.server.wire.ReceiveBuffers;
import io.larder.node.server.wire.RequestDecoder;
import io.larder.node.server.wire.RequestDecoder.Disposition;
import io.larder.node.service.BlockService.PutHandle;
import io.larder.node.service.Refusal;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * The put a connection is receiving, of which there is at most one: it checks the request before it
 * takes memory, waits for the memory, points the socket at it, and announces the put. Belongs to
 * the connection's event loop.
 */
public final class PutReception {
  private final RequestContext server;
  private final Session session;
  private final Admission admission;
  private final ReceiveBuffers receive;
  private final Executor loop;
  private final Runnable wake;

  private @Nullable PutRequest request;
  private @Nullable PayloadIntake intake;

  /** The value of an inline SET, which is in memory already. */
  private @Nullable ByteBuf inlineValue;

  /**
   * Makes an idle one.
   *
   * @param loop the connection's event loop
   * @param wake run there when memory has been granted
   */
  public PutReception(
      RequestContext server,
      Session session,
      Admission admission,
      ReceiveBuffers receive,
      Executor loop,
      Runnable wake) {
    this.server = server;
    this.session = session;
    this.admission = admission;
    this.receive = receive;
    this.loop = loop;
    this.wake = wake;
  }

  public boolean isIdle() {
    return intake == null;
  }

  /** Whether the put waits for memory. */
  public boolean isWaiting() {
    return intake != null && !intake.isGranted();
  }

  /** Whether bytes of the payload are missing. */
  public boolean isArriving() {
    return intake != null && !intake.isComplete();
  }

  /** Checks the arguments before the payload; decides whether to receive it. */
  public Disposition admit(RequestDecoder decoder, int length) {
    Transaction transaction = session.transaction();
    request = null;
    try {
      if (!transaction.isOpen()) {
        Call call =
            new Call(admission.spec(), decoder.arguments(), decoder.count(), session, server);
        // SET's options come after the value.
        boolean known = admission.spec().payload() == PayloadPlace.LAST || call.count() == 3;
        request = known ? PutRequest.of(call, length) : null;
        return Disposition.PAYLOAD;
      }
      if (!transaction.isGood()) {
        return Disposition.SKIP; // EXEC will be refused
      }
      // Without a request nothing is announced before EXEC.
      transaction.expect(MemoryPool.pieceBytes(length));
      return Disposition.PAYLOAD;
    } catch (RuntimeException e) {
      admission.fail(server.failures().answer(e));
      return Disposition.SKIP;
    }
  }

  /** The payload is next in the inbox. */
  public void start(RequestDecoder decoder) {
    start(decoder, decoder.payloadLength());
  }

  /** The payload came inline. */
  public void startInline(RequestDecoder decoder, byte[] value) {
    inlineValue = Unpooled.wrappedBuffer(value);
    start(decoder, value.length);
  }

  private void start(RequestDecoder decoder, int length) {
    PayloadIntake started;
    try {
      started = new PayloadIntake(server.service(), request, length);
    } catch (RuntimeException e) {
      giveUp(decoder, server.failures().answer(e), length);
      return;
    }
    intake = started;
    CompletableFuture<Payload> grant = started.grant();
    if (grant.isDone()) {
      granted(decoder, started, grant.join());
      return;
    }
    CompletableFuture<?> _ =
        grant.thenAccept(payload -> {
          try {
            loop.execute(() -> {
              granted(decoder, started, payload);
              wake.run();
            });
          } catch (RejectedExecutionException _) {
            payload.release();
          }
        });
  }

  @SuppressWarnings("ReferenceEquality") // the very put that asked, not one like it
  private void granted(RequestDecoder decoder, PayloadIntake asked, Payload payload) {
    if (intake != asked) {
      payload.release(); // given up meanwhile
      return;
    }
    try {
      asked.granted(payload, server.service(), session.id());
    } catch (RuntimeException e) {
      giveUp(decoder, server.failures().answer(e), asked.length());
      return;
    }
    if (asked.isComplete()) { // an empty value
      completed(decoder);
    }
  }

  /** Takes the bytes in the inbox; points the socket at the memory of the rest. */
  public void takeFrom(ByteBuf inbox, RequestDecoder decoder) {
    PayloadIntake arriving = arriving();
    arriving.copyFrom(inlineValue == null ? inbox : inlineValue);
    aim(arriving, decoder);
  }

  /** The socket has written into its target. */
  public void receivedInto(ByteBuf target, RequestDecoder decoder) {
    PayloadIntake arriving = arriving();
    arriving.receivedInto(target);
    if (!target.isWritable()) {
      aim(arriving, decoder);
    }
  }

  private PayloadIntake arriving() {
    PayloadIntake present = intake;
    if (present == null) {
      throw new IllegalStateException("payload bytes arrived without a put");
    }
    return present;
  }

  private void aim(PayloadIntake arriving, RequestDecoder decoder) {
    ByteBuf target =
        arriving.isComplete() || !receive.isDirect()
            ? null
            : arriving.nextTarget(server.payloadBufs());
    if (target == null) {
      receive.receiveIntoInbox();
    } else {
      receive.receiveInto(target);
    }
    if (arriving.isComplete()) {
      completed(decoder);
    }
  }

  private void completed(RequestDecoder decoder) {
    if (inlineValue == null) {
      decoder.payloadTaken();
    }
    inlineValue = null;
  }

  /** Skips the rest of the payload; {@code failure} becomes the reply. */
  private void giveUp(RequestDecoder decoder, Now failure, int left) {
    admission.fail(failure);
    abandon();
    if (inlineValue == null) {
      decoder.skipPayload(left);
    }
    inlineValue = null;
  }

  /** Takes the put out, once all of the request is there and nothing was wrong with it. */
  public ReceivedPut received(Call call) {
    PayloadIntake arrived = arriving();
    intake = null;
    try {
      PutRequest early = arrived.request();
      PutHandle handle = arrived.handle();
      PutRequest asked = early == null ? PutRequest.of(call, arrived.length()) : early;
      asked.verify(arrived.payload());
      return new ReceivedPut(asked, arrived.take(), handle);
    } catch (RuntimeException e) {
      arrived.abandon();
      throw e;
    }
  }

  /** Whether the payload arrives too slowly. */
  public boolean isSlow(long nowNanos) {
    return intake != null && intake.isSlow(nowNanos, server.minimumRate());
  }

  /** Ends a wait for memory that has lasted too long; returns whether it has ended one. */
  public boolean expire(long nowNanos, RequestDecoder decoder) {
    PayloadIntake waiting = intake;
    long waitMs = server.memoryWaitMs();
    if (session.isPlain()) {
      waitMs = Math.min(waitMs, server.settings().plainSetWaitMs());
    }
    if (waiting == null || !waiting.hasWaitedLongerThan(waitMs, nowNanos)) {
      return false;
    }
    server.reject(Rejection.MEMORY_WAIT);
    giveUp(
        decoder,
        Answer.refused(
            Refusal.NO_MEMORY,
            "TIMEOUT no memory for a value of "
                + waiting.length()
                + " bytes within "
                + waitMs
                + " ms: try again later, or give the node more memory"),
        waiting.length());
    return true;
  }

  /** Releases what it holds: the put is not needed any more or will not come. */
  public void abandon() {
    receive.receiveIntoInbox();
    if (intake != null) {
      intake.abandon();
      intake = null;
    }
  }
}
