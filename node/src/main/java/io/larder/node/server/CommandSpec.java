package io.larder.node.server;

import io.larder.node.server.ServerMetrics.Outcome;
import io.larder.node.service.ServiceException;
import java.util.List;
import java.util.Set;

/**
 * A command as the server knows it.
 *
 * @param ordinal its place in the table
 * @param name in capitals
 * @param arity how many arguments, the name included; negative for "at least"
 * @param family what it may run beside
 * @param firstKey the place of the first key, 0 if it takes none
 * @param lastKey the place of the last key, negative from the end
 * @param payload which argument is a block's bytes
 * @param plain what a plain session is answered in place of an error
 * @param flags what COMMAND says of it
 * @param outcomes what its duration is recorded by
 * @param handler what it does; a put's is never called
 */
record CommandSpec(
    int ordinal,
    String name,
    int arity,
    Family family,
    int firstKey,
    int lastKey,
    PayloadPlace payload,
    PlainAnswer plain,
    List<String> flags,
    Set<Outcome> outcomes,
    Handler handler) {

  /** What a command may run beside on its connection. Replies are always in order. */
  enum Family {
    /** Strictly one after the other, as Redis does. */
    REDIS,
    /** As {@link #REDIS}; not queued between MULTI and EXEC. */
    TRANSACTION,
    /** Beside others of this family. */
    LARDER
  }

  /** Which argument is a block's bytes. */
  enum PayloadPlace {
    NONE,
    /** SET's value. */
    THIRD,
    /** KV.PUT's. */
    LAST
  }

  /** What a command does. */
  @FunctionalInterface
  interface Handler {
    /**
     * Runs on the connection's event loop and does not block.
     *
     * @throws ServiceException whose message is the reply
     * @throws IllegalArgumentException whose message, after ERR, is the reply
     */
    Answer run(Call call);
  }

  /** The name, not in capitals, of what stands for commands that do not exist. */
  static final String UNKNOWN = "unknown";

  boolean isUnknown() {
    return name.equals(UNKNOWN);
  }

  boolean isPut() {
    return payload != PayloadPlace.NONE;
  }

  /** Whether it finds blocks or misses them. */
  boolean isRead() {
    return outcomes.contains(Outcome.MISS);
  }

  /** Whether it runs strictly one after the other with what its connection sends. */
  boolean isAlone() {
    return family != Family.LARDER;
  }

  /** Whether it may be queued between MULTI and EXEC. */
  boolean isQueueable() {
    return !flags.contains("no_multi");
  }

  boolean allows(int count) {
    return arity >= 0 ? count == arity : count >= -arity;
  }

  boolean isKey(int index, int count) {
    return firstKey > 0 && index >= firstKey && index <= (lastKey < 0 ? count + lastKey : lastKey);
  }

  boolean isPayload(int index, int count) {
    return switch (payload) {
      case NONE -> false;
      case THIRD -> index == 2;
      case LAST -> index == count - 1;
    };
  }

  /** Whether a client that has not given the password may send it. */
  boolean isOpen() {
    return flags.contains("no_auth");
  }
}
