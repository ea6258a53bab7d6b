package io.larder.node.server.command;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The descriptions of all commands, found by name without regard to case. Names are looked up in
 * the bytes received, so that a request makes no string. Immutable.
 */
public final class CommandTable {
  private final List<CommandSpec> all;
  private final CommandSpec unknown;
  private final @Nullable CommandSpec[] byHash = new @Nullable CommandSpec[256];

  /**
   * Makes a table.
   *
   * @param all by their ordinals; the last one stands for commands that do not exist
   */
  CommandTable(List<CommandSpec> all) {
    this.all = List.copyOf(all);
    this.unknown = all.getLast();
    for (CommandSpec spec : all) {
      insert(spec);
    }
  }

  /** Finds a command; {@link #unknown} if there is none of that name. */
  public CommandSpec find(byte[] name) {
    for (int at = hash(name); ; at = (at + 1) & (byHash.length - 1)) {
      CommandSpec spec = byHash[at];
      if (spec == null) {
        return isPeer(name) ? find("PEER.*".getBytes(US_ASCII)) : unknown;
      }
      if (matches(spec.name(), name)) {
        return spec;
      }
    }
  }

  public List<CommandSpec> all() {
    return all;
  }

  /** The commands that COMMAND lists. */
  public List<CommandSpec> published() {
    return all.stream().filter(s -> !s.isUnknown() && !s.name().startsWith("PEER.")).toList();
  }

  /** Stands for commands that do not exist, in metrics. */
  public CommandSpec unknown() {
    return unknown;
  }

  private static boolean isPeer(byte[] name) {
    return name.length > 5 && matches("PEER.", Arrays.copyOf(name, 5));
  }

  private void insert(CommandSpec spec) {
    if (spec.isUnknown()) {
      return;
    }
    int at = hash(spec.name().toUpperCase(Locale.ROOT).getBytes(US_ASCII));
    while (byHash[at] != null) {
      at = (at + 1) & (byHash.length - 1);
    }
    byHash[at] = spec;
  }

  private static int hash(byte[] name) {
    int hash = name.length;
    for (byte b : name) {
      hash = hash * 31 + (b & 0xdf); // without the bit that tells cases apart
    }
    return (hash ^ (hash >>> 8)) & 255;
  }

  private static boolean matches(String name, byte[] bytes) {
    if (name.length() != bytes.length) {
      return false;
    }
    for (int i = 0; i < bytes.length; i++) {
      int b = bytes[i];
      if (name.charAt(i) != (b >= 'a' && b <= 'z' ? b - 32 : b)) {
        return false;
      }
    }
    return true;
  }
}
