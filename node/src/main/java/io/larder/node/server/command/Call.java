package io.larder.node.server.command;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.larder.node.block.Key;
import io.larder.node.service.BlockService;
import io.larder.node.service.ServiceException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A request to be executed.
 *
 * @param arguments the command's name first; may be longer than {@code count}, or shorter if the
 *     last ones were not kept
 * @param count how many arguments there are
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
public record Call(
    CommandSpec spec, byte[][] arguments, int count, Session session, CommandContext context) {

  BlockService service() {
    return context.service();
  }

  CommandSettings settings() {
    return context.settings();
  }

  /**
   * Makes the key of an argument.
   *
   * @throws IllegalArgumentException whose message says what is wrong with it
   */
  Key key(int i) {
    return context.service().keyspace().key(arguments[i]);
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

  /** The reply if it ends in an error. */
  public ErrorAnswer onError() {
    if (!session.isPlain()) {
      return ErrorAnswer.SENT;
    }
    boolean accepted = spec.plain() == PlainAnswer.ACCEPTED;
    ErrorAnswer answer =
        ErrorAnswer.ofPlain(spec.plain(), Math.max(0, count - 1), accepted && hasOption("NX"));
    return settings().answersPlainSessions() ? answer : answer.asError();
  }

  /** Whether a SET, of which not every argument need be there, has an option. */
  private boolean hasOption(String option) {
    for (int i = 3; i < Math.min(count, arguments.length); i++) {
      if (word(i).equals(option)) {
        return true;
      }
    }
    return false;
  }

  /** Throws {@link #wrongArity} unless there are so many arguments. */
  void checkCount(int expected) {
    if (count != expected) {
      throw wrongArity();
    }
  }

  /** The error for a subcommand with too few or too many arguments. */
  ServiceException wrongArity() {
    String name = spec.name().toLowerCase(Locale.ROOT);
    String sub = count > 1 ? "|" + text(1).toLowerCase(Locale.ROOT) : "";
    return new ServiceException("ERR wrong number of arguments for '" + name + sub + "' command");
  }

  ServiceException unknownSubcommand() {
    return new ServiceException(
        "ERR unknown subcommand '" + text(1) + "'. Try " + spec.name() + " HELP.");
  }
}
