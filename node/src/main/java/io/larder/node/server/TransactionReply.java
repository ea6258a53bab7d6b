package io.larder.node.server;

import io.larder.node.server.ServerMetrics.Outcome;
import io.larder.node.server.wire.ReplyEncoder;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The exchange of EXEC: runs the queued commands one after the other and writes their replies. */
final class TransactionReply extends Exchange {
  /** Commands that are run before the other connections of the loop have their turn. */
  private static final int TURN = 1024;

  private final ArrayDeque<QueuedCommand> left;
  private boolean begun;
  private @Nullable Exchange current;

  TransactionReply(Asked asked, List<QueuedCommand> commands) {
    super(asked, 0);
    this.left = new ArrayDeque<>(commands);
  }

  @Override
  boolean emit(ReplyQueue queue) {
    if (!begun) {
      begun = true;
      ReplyEncoder.writeNumber(queue.buffer(), '*', left.size());
    }
    for (int run = 0; ; run++) {
      Exchange running = current;
      if (running != null) {
        if (!running.emit(queue)) {
          return false;
        }
        queue.finished(running);
        current = null;
      }
      if (left.isEmpty()) {
        return true;
      }
      if (!queue.hasRoom()) {
        return false;
      }
      if (run == TURN) {
        queue.wakeNextTurn();
        return false;
      }
      QueuedCommand next = left.remove();
      Call call = next.call();
      Asked asked = new Asked(call.spec(), ErrorAnswer.of(call), System.nanoTime());
      current = queue.exchange(asked, next.run());
    }
  }

  @Override
  void progressed() {
    if (current != null) {
      current.progressed();
    }
  }

  @Override
  boolean isOlderThan(long nowNanos, long timeoutMs) {
    return current != null && current.isOlderThan(nowNanos, timeoutMs);
  }

  @Override
  Outcome outcome() {
    return Outcome.OK;
  }

  @Override
  void expire(String message) {
    if (current != null) {
      current.expire(message);
    }
  }

  @Override
  boolean isSlow(long nowNanos, ServerConfig config) {
    return current != null && current.isSlow(nowNanos, config);
  }

  @Override
  void cancel() {
    if (current != null) {
      current.cancel();
      current = null;
    }
    left.forEach(QueuedCommand::abandon);
    left.clear();
  }
}
