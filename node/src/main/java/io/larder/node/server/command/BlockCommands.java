package io.larder.node.server.command;

import io.larder.protocol.Reply;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Redis's commands on keys; SET is {@link PutRequest}'s. */
final class BlockCommands {
  private static final Answer ONE = Answer.now(Reply.of(1));

  private BlockCommands() {}

  static Answer get(Call call) {
    return new Answer.Blocks(List.of(call.key(1)), Answer.Framing.BULK, false);
  }

  static Answer mget(Call call) {
    return new Answer.Blocks(call.keys(1, call.count()), Answer.Framing.BULKS, false);
  }

  /** Counts a key as often as it is named, as Redis does. */
  static Answer exists(Call call) {
    if (call.count() == 2 && call.service().isHere(call.key(1))) {
      return ONE;
    }
    return Answer.when(
        call.service().contains(call.keys(1, call.count())),
        found -> {
          int count = 0;
          for (boolean one : found) {
            count += one ? 1 : 0;
          }
          return Reply.of(count);
        });
  }

  static Answer delete(Call call) {
    // A plain session reads no error: its delete is retried rather than refused.
    long retryMs = call.session().isPlain() ? call.settings().plainSetWaitMs() : 0;
    return Answer.when(
        call.service().delete(call.keys(1, call.count()), retryMs), retryMs, n -> Reply.of(n));
  }

  static Answer strlen(Call call) {
    return Answer.when(call.service().valueLength(call.key(1)), n -> Reply.of(n));
  }

  static Answer pttl(Call call) {
    return Answer.when(call.service().ttlMs(call.key(1)), Reply::of);
  }

  /** Rounds to whole seconds as Redis does; a negative answer is not a time. */
  static Answer ttl(Call call) {
    CompletableFuture<Long> ttlMs = call.service().ttlMs(call.key(1));
    return Answer.when(ttlMs, ms -> Reply.of(ms < 0 ? ms : (ms + 500) / 1000));
  }

  static Answer dbsize(Call call) {
    return Answer.now(Reply.of(call.service().localKeyCount()));
  }
}
