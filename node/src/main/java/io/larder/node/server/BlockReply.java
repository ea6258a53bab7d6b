package io.larder.node.server;

import io.larder.node.block.Key;
import io.larder.node.block.Payload;
import io.larder.node.server.Answer.Framing;
import io.larder.node.server.ServerMetrics.Outcome;
import io.larder.node.server.wire.ReplyEncoder;
import io.larder.node.service.BlockService;
import io.larder.node.service.Found;
import io.larder.node.service.Refusal;
import io.larder.node.service.ServiceException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The exchange of a command that reads blocks. Blocks are asked for one at a time, the next when
 * the one before has been written: whoever held one block while waiting for memory for the next
 * could wait for ever.
 */
final class BlockReply extends Exchange {
  private final BlockService service;
  private final List<Key> keys;
  private final Framing framing;
  private final boolean local;

  private boolean begun;
  private int next;
  private @Nullable CompletableFuture<@Nullable Found> pending;
  private boolean awaited;
  private @Nullable BlockSender sender;
  private Outcome outcome = Outcome.OK;

  BlockReply(Asked asked, BlockService service, Answer.Blocks blocks) {
    super(asked, 0);
    this.service = service;
    this.keys = blocks.keys();
    this.framing = blocks.framing();
    this.local = blocks.local();
    this.pending = ask(keys.getFirst());
  }

  private CompletableFuture<@Nullable Found> ask(Key key) {
    awaited = false;
    try {
      return local ? service.getLocal(key) : service.get(key);
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  @Override
  boolean emit(ReplyQueue queue) {
    if (!begun) {
      begun = true;
      if (framing == Framing.BULKS) {
        ReplyEncoder.writeNumber(queue.buffer(), '*', keys.size());
      }
    }
    for (; ; ) {
      if (sender != null) {
        if (!sender.writeTurn(queue)) {
          return false;
        }
        sender = null;
        next++;
      }
      if (next == keys.size()) {
        return true;
      }
      if (!queue.hasRoom()) {
        return false;
      }
      if (pending == null) {
        progressed();
        pending = ask(keys.get(next));
      }
      if (!pending.isDone()) {
        if (!awaited) {
          awaited = true;
          queue.wakeWhen(pending);
        }
        return false;
      }
      begin(pending, queue);
      pending = null;
    }
  }

  /** Writes a miss, an error, or a small block; begins to send a large one. */
  private void begin(CompletableFuture<@Nullable Found> answered, ReplyQueue queue) {
    if (answered.isCompletedExceptionally()) {
      one(Outcome.ERROR);
      ErrorAnswer onError = asked().onError().ofOne();
      var _ = queue.write(asked().spec(), onError, Failures.answer(answered));
      next++;
      return;
    }
    Found found = answered.resultNow();
    if (found == null) {
      one(Outcome.MISS);
      queue.miss();
      ReplyEncoder.writeNull(queue.buffer(), queue.session().resp3);
      next++;
      return;
    }
    one(Outcome.HIT);
    queue.hit();
    boolean chunked = framing == Framing.CHUNKED;
    if (BlockSender.isSmall(found)) {
      BlockSender.writeWhole(found, chunked, queue.buffer());
      next++;
    } else {
      sender = new BlockSender(found, chunked);
    }
  }

  private void one(Outcome of) {
    if (keys.size() == 1 || of == Outcome.ERROR) {
      outcome = of;
    }
  }

  @Override
  Outcome outcome() {
    return outcome;
  }

  @Override
  void expire(String message) {
    if (pending != null && !pending.isDone()) {
      forget(pending);
      pending = CompletableFuture.failedFuture(new ServiceException(Refusal.DEADLINE, message));
    }
  }

  @Override
  void yieldMemory() {
    if (pending != null && pending.isDone() && sender == null && !begun) {
      forget(pending);
      pending = null;
    }
  }

  @Override
  boolean isSlow(long nowNanos, ServerConfig config) {
    return sender != null && sender.isSlow(nowNanos, config);
  }

  @Override
  void cancel() {
    if (sender != null) {
      sender.close();
      sender = null;
    }
    if (pending != null) {
      forget(pending);
      pending = null;
    }
  }

  private static void forget(CompletableFuture<@Nullable Found> future) {
    CompletableFuture<?> _ =
        future.thenAccept(found -> {
          if (found != null) {
            Payload payload = found.block().payload();
            payload.release();
          }
        });
  }
}
