package io.larder.node.server.reply;

import io.larder.node.block.Key;
import io.larder.node.block.Payload;
import io.larder.node.server.command.Answer;
import io.larder.node.server.command.Answer.Framing;
import io.larder.node.server.command.CommandContext;
import io.larder.node.server.command.ErrorAnswer;
import io.larder.node.server.command.Outcome;
import io.larder.node.server.wire.MinimumRate;
import io.larder.node.server.wire.ReplyEncoder;
import io.larder.node.service.BlockService;
import io.larder.node.service.Found;
import io.larder.node.service.Refusal;
import io.larder.node.service.ServiceException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The exchange of a command that reads blocks. It gets one block at a time, the next when the one
 * before has been written: exchanges that held a block while they wait for memory for the next
 * could wait for each other for ever.
 */
final class BlockReply extends Exchange {
  private final CommandContext context;
  private final List<Key> keys;
  private final Framing framing;
  private final boolean local;

  private boolean begun;
  private int next;
  private @Nullable CompletableFuture<@Nullable Found> pending;
  private boolean awaited;
  private @Nullable BlockSender sender;
  private Outcome outcome = Outcome.OK;

  BlockReply(Request request, Answer.Blocks blocks, CommandContext context) {
    super(request, 0);
    this.context = context;
    this.keys = blocks.keys();
    this.framing = blocks.framing();
    this.local = blocks.local();
    this.pending = ask(keys.getFirst());
  }

  private CompletableFuture<@Nullable Found> ask(Key key) {
    awaited = false;
    try {
      BlockService service = context.service();
      return local ? service.getLocal(key) : service.get(key);
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  @Override
  public boolean emit(ReplySink sink) {
    if (!begun) {
      begun = true;
      if (framing == Framing.BULKS) {
        ReplyEncoder.writeNumber(sink.buffer(), '*', keys.size());
      }
    }
    for (; ; ) {
      if (sender != null) {
        if (!sender.writeTurn(sink)) {
          return false;
        }
        sender = null;
        next++;
      }
      if (next == keys.size()) {
        return true;
      }
      if (!sink.hasRoom()) {
        return false;
      }
      if (pending == null) {
        progressed();
        pending = ask(keys.get(next));
      }
      if (!pending.isDone()) {
        if (!awaited) {
          awaited = true;
          sink.wakeWhen(pending);
        }
        return false;
      }
      begin(pending, sink);
      pending = null;
    }
  }

  /** Writes a miss, an error, or a small block; begins to send a large one. */
  private void begin(CompletableFuture<@Nullable Found> answered, ReplySink sink) {
    if (answered.isCompletedExceptionally()) {
      ErrorAnswer onError = request().onError().ofOne();
      outcome = sink.write(request().spec(), onError, context.failures().answer(answered));
      next++;
      return;
    }
    Found found = answered.resultNow();
    if (found == null) {
      one(Outcome.MISS);
      sink.miss();
      ReplyEncoder.writeNull(sink.buffer(), sink.isResp3());
      next++;
      return;
    }
    one(Outcome.HIT);
    sink.hit();
    boolean chunked = framing == Framing.CHUNKED;
    if (BlockSender.isSmall(found)) {
      BlockSender.writeWhole(found, chunked, sink.buffer());
      next++;
    } else {
      sender = new BlockSender(found, chunked);
    }
  }

  /** Ends a command for one key with this outcome; one for several ends with OK or ERROR. */
  private void one(Outcome of) {
    if (keys.size() == 1) {
      outcome = of;
    }
  }

  @Override
  public Outcome outcome() {
    return outcome;
  }

  @Override
  public void expire(String message) {
    if (pending != null && !pending.isDone()) {
      forget(pending);
      pending = CompletableFuture.failedFuture(new ServiceException(Refusal.DEADLINE, message));
    }
  }

  @Override
  public void yieldMemory() {
    if (pending != null && pending.isDone() && sender == null && !begun) {
      forget(pending);
      pending = null;
    }
  }

  @Override
  public boolean isSlow(long nowNanos, MinimumRate rate) {
    return sender != null && sender.isSlow(nowNanos, rate);
  }

  @Override
  public void cancel() {
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
