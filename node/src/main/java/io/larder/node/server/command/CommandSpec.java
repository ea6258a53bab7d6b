package io.larder.node.server.command;

import java.util.List;
import java.util.Set;

/**
 * The description of a command.
 *
 * @param ordinal its place in the table
 * @param name in capitals
 * @param arity how many arguments, the name included; negative for "at least"
 * @param family decides which commands may run beside it
 * @param firstKey the place of the first key, 0 if it takes none
 * @param lastKey the place of the last key, negative from the end
 * @param payload which argument is a block's bytes
 * @param plain the answer to a plain session in place of an error
 * @param flags as COMMAND lists them
 * @param outcomes the outcomes it can have; its durations are recorded for each
 */
public record CommandSpec(
    int ordinal,
    String name,
    int arity,
    Family family,
    int firstKey,
    int lastKey,
    PayloadPlace payload,
    PlainAnswer plain,
    List<String> flags,
    Set<Outcome> outcomes) {

  /** Which commands of its connection a command may run beside. Replies are always in order. */
  public enum Family {
    /** Strictly one after the other, as Redis does. */
    REDIS,
    /** As {@link #REDIS}; not queued between MULTI and EXEC. */
    TRANSACTION,
    /** Beside others of this family. */
    LARDER
  }

  /** Which argument is a block's bytes. */
  public enum PayloadPlace {
    NONE,
    /** SET's value. */
    THIRD,
    /** KV.PUT's. */
    LAST
  }

  /** The name, not in capitals, of the entry that stands for commands that do not exist. */
  static final String UNKNOWN = "unknown";

  public boolean isUnknown() {
    return name.equals(UNKNOWN);
  }

  public boolean isPut() {
    return payload != PayloadPlace.NONE;
  }

  /** Whether it finds blocks or misses them. */
  public boolean isRead() {
    return outcomes.contains(Outcome.MISS);
  }

  /** Whether it runs strictly one after the other with the other commands of its connection. */
  public boolean isAlone() {
    return family != Family.LARDER;
  }

  /** Whether it may be queued between MULTI and EXEC. */
  public boolean isQueueable() {
    return !flags.contains("no_multi");
  }

  public boolean allows(int count) {
    return arity >= 0 ? count == arity : count >= -arity;
  }

  public boolean isKey(int index, int count) {
    return firstKey > 0 && index >= firstKey && index <= (lastKey < 0 ? count + lastKey : lastKey);
  }

  public boolean isPayload(int index, int count) {
    return switch (payload) {
      case NONE -> false;
      case THIRD -> index == 2;
      case LAST -> index == count - 1;
    };
  }

  /** Whether a client that has not given the password may send it. */
  public boolean isOpen() {
    return flags.contains("no_auth");
  }
}
