package io.larder.node.server.reply;

import io.larder.node.server.command.Answer;
import io.larder.node.server.command.CommandContext;
import io.larder.node.server.command.Outcome;
import io.larder.node.server.wire.MinimumRate;
import io.larder.node.server.wire.ReplyEncoder;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The exchange of EXEC: runs the queued commands one after the other and writes their replies. */
final class TransactionReply extends Exchange {
  /** Commands run before the other connections of the loop have their turn. */
  private static final int TURN = 1024;

  private final ArrayDeque<Answer.Step> left;
  private final CommandContext context;
  private boolean begun;
  private @Nullable Exchange current;

  TransactionReply(Request request, List<Answer.Step> steps, CommandContext context) {
    super(request, 0);
    this.left = new ArrayDeque<>(steps);
    this.context = context;
  }

  @Override
  public boolean emit(ReplySink sink) {
    if (!begun) {
      begun = true;
      ReplyEncoder.writeNumber(sink.buffer(), '*', left.size());
    }
    for (int run = 0; ; run++) {
      Exchange running = current;
      if (running != null) {
        if (!running.emit(sink)) {
          return false;
        }
        sink.finished(running.request(), running.outcome());
        current = null;
      }
      if (left.isEmpty()) {
        return true;
      }
      if (!sink.hasRoom()) {
        return false;
      }
      if (run == TURN) {
        sink.wakeNextTurn();
        return false;
      }
      Answer.Step next = left.remove();
      Request step = new Request(next.spec(), next.onError(), System.nanoTime());
      current = Exchange.of(step, next.run(), context);
    }
  }

  @Override
  public void progressed() {
    if (current != null) {
      current.progressed();
    }
  }

  @Override
  public boolean isOlderThan(long nowNanos, long timeoutMs) {
    return current != null && current.isOlderThan(nowNanos, timeoutMs);
  }

  @Override
  public Outcome outcome() {
    return Outcome.OK;
  }

  @Override
  public void expire(String message) {
    if (current != null) {
      current.expire(message);
    }
  }

  @Override
  public boolean isSlow(long nowNanos, MinimumRate rate) {
    return current != null && current.isSlow(nowNanos, rate);
  }

  @Override
  public void cancel() {
    if (current != null) {
      current.cancel();
      current = null;
    }
    left.forEach(Answer.Step::abandon);
    left.clear();
  }
}
