package io.larder.node.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.larder.node.block.Key;
import io.larder.node.service.BlockService;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A request to be executed.
 *
 * @param arguments the command's name first; may be longer than {@code count}
 * @param count how many arguments there are
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
record Call(
    CommandSpec spec, byte[][] arguments, int count, Session session, ServerContext server) {

  BlockService service() {
    return server.service();
  }

  /** Makes the key of an argument; an IllegalArgumentException says what is wrong with it. */
  Key key(int i) {
    return server.service().keyspace().key(arguments[i]);
  }

  List<Key> keys(int from, int to) {
    if (to - from == 1) {
      return List.of(key(from));
    }
    List<Key> keys = new ArrayList<>(to - from);
    for (int i = from; i < to; i++) {
      keys.add(key(i));
    }
    return keys;
  }

  String text(int i) {
    return new String(arguments[i], UTF_8);
  }

  /** An argument as a word whose case does not matter; empty if it is not there. */
  String word(int i) {
    return i < count ? text(i).toUpperCase(Locale.ROOT) : "";
  }

  long number(int i) {
    return Numbers.parse(arguments[i]);
  }

  /** The error for a subcommand with too few or too many arguments. */
  Answer wrongArity() {
    String name = spec.name().toLowerCase(Locale.ROOT);
    String sub = count > 1 ? "|" + text(1).toLowerCase(Locale.ROOT) : "";
    return Answer.error("ERR wrong number of arguments for '" + name + sub + "' command");
  }

  Answer unknownSubcommand() {
    return Answer.error("ERR unknown subcommand '" + text(1) + "'. Try " + spec.name() + " HELP.");
  }
}
