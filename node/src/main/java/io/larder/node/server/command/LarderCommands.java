package io.larder.node.server.command;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.larder.node.block.Key;
import io.larder.node.service.BlockLocation;
import io.larder.node.service.LeaseAnswer;
import io.larder.node.service.ServiceException;
import io.larder.protocol.PutToken;
import io.larder.protocol.Reply;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Larder's own commands, for its clients and between nodes; KV.PUT is {@link PutRequest}'s. */
final class LarderCommands {
  private static final long DEFAULT_LEASE_MS = 30_000;
  private static final long MAX_LEASE_MS = 300_000;
  static final long MAX_WAIT_MS = 300_000;

  private LarderCommands() {}

  static Answer get(Call call) {
    return new Answer.Blocks(List.of(call.key(1)), Answer.Framing.CHUNKED, false);
  }

  static Answer peerGet(Call call) {
    return new Answer.Blocks(List.of(call.key(1)), Answer.Framing.CHUNKED, true);
  }

  static Answer prefix(Call call) {
    return Answer.when(call.service().prefix(call.keys(1, call.count())), n -> Reply.of(n));
  }

  /** {@code KV.LEASE numkeys key [key …] [WAIT ms] [TTL ms]}. */
  static Answer lease(Call call) {
    long numKeys = call.number(1);
    if (numKeys < 1 || numKeys > call.count() - 2) {
      throw new ServiceException(
          "ERR KV.LEASE's numkeys is "
              + numKeys
              + " and "
              + (call.count() - 2)
              + " arguments follow: give it the number of keys");
    }
    int after = 2 + (int) numKeys;
    long waitMs = 0;
    long ttlMs = DEFAULT_LEASE_MS;
    for (int i = after; i < call.count(); i += 2) {
      if (i + 1 == call.count()) {
        throw new ServiceException("ERR syntax error");
      }
      long ms = call.number(i + 1);
      switch (call.word(i)) {
        case "WAIT" -> waitMs = Numbers.checkMs("WAIT", ms, 0, MAX_WAIT_MS);
        case "TTL" -> ttlMs = Numbers.checkMs("TTL", ms, 1, MAX_LEASE_MS);
        default -> throw new ServiceException("ERR syntax error");
      }
    }
    if (waitMs > 0 && numKeys > 1) {
      throw new ServiceException(
          "ERR KV.LEASE waits for one key only: lease several without WAIT, then wait for each");
    }
    List<Key> keys = call.keys(2, after);
    return Answer.whenNow(
        call.service().lease(keys, waitMs, ttlMs, call.session().id()),
        waitMs,
        answers ->
            Answer.now(new Reply.Array(answers.stream().map(LarderCommands::describe).toList())));
  }

  private static Reply describe(LeaseAnswer answer) {
    return switch (answer) {
      case LeaseAnswer.Granted granted -> Reply.bulk("GRANTED " + granted.token());
      case LeaseAnswer.Exists _ -> Reply.bulk("EXISTS");
      case LeaseAnswer.Held _ -> Reply.bulk("HELD");
      case LeaseAnswer.TryAgain again -> Reply.bulk("TRYAGAIN " + again.reason());
    };
  }

  static Answer commit(Call call) {
    Key key = call.key(1);
    PutToken token = PutToken.parse(call.text(2));
    return Answer.when(call.service().commit(key, token), what -> new Reply.Simple(what.name()));
  }

  static Answer abort(Call call) {
    Key key = call.key(1);
    PutToken token = PutToken.parse(call.text(2));
    return Answer.when(call.service().abort(key, token), held -> Reply.of(held ? 1 : 0));
  }

  static Answer locate(Call call) {
    return Answer.when(
        call.service().locate(call.keys(1, call.count())),
        locations -> {
          List<Reply> elements = new ArrayList<>(locations.size());
          for (@Nullable BlockLocation location : locations) {
            elements.add(location == null ? Reply.NULL : describe(location));
          }
          return new Reply.Array(elements);
        });
  }

  private static Reply describe(BlockLocation location) {
    return Reply.array(
        Reply.bulk(location.nodeId()),
        Reply.bulk(location.host() + ":" + location.port()),
        Reply.bulk(Long.toHexString(location.stamp())));
  }

  static Answer pin(Call call) {
    return Answer.when(call.service().pin(call.key(1), true), done -> Reply.of(done ? 1 : 0));
  }

  static Answer unpin(Call call) {
    return Answer.when(call.service().pin(call.key(1), false), done -> Reply.of(done ? 1 : 0));
  }

  static Answer peer(Call call) {
    String name = new String(call.arguments()[0], US_ASCII).toUpperCase(Locale.ROOT);
    List<byte[]> arguments = List.of(Arrays.copyOfRange(call.arguments(), 1, call.count()));
    return Answer.when(call.service().peer(name, arguments, call.session().id()), reply -> reply);
  }
}
