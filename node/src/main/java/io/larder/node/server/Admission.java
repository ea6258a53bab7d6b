package io.larder.node.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.larder.node.server.CommandSpec.PayloadPlace;
import io.larder.node.server.ServerMetrics.Rejection;
import io.larder.node.server.wire.RequestDecoder.Disposition;
import io.larder.protocol.Limits;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Decides about a request's arguments before a byte of them is kept. The first thing wrong with a
 * request becomes its reply once the rest of it has been read past. Belongs to one event loop.
 */
final class Admission {
  /** All arguments of a request but its payload, in bytes. */
  static final int MAX_SMALL_BYTES = 2 << 20;

  /** The arguments of a request. */
  static final int MAX_ARGUMENTS = 65_536;

  /** Beyond this a request takes one of the few places for large ones. */
  private static final int HEAVY_BYTES = 64 << 10;

  private static final int MAX_NAME_BYTES = 64;

  /** How much of an unknown command is quoted in the error. */
  private static final int QUOTED_BYTES = 128;

  private final ServerContext server;
  private final Session session;
  private CommandSpec spec;
  private int count;
  private @Nullable String failure;
  private int keptBytes;
  private boolean heavy;

  Admission(ServerContext server, Session session) {
    this.server = server;
    this.session = session;
    this.spec = server.commands().unknown();
  }

  CommandSpec spec() {
    return spec;
  }

  /** What is wrong with the request, if something is. */
  @Nullable String failure() {
    return failure;
  }

  void fail(String message) {
    if (failure == null) {
      failure = message;
    }
  }

  /** The name is known: a new request begins. */
  void named(byte[] name, int announced) {
    end();
    failure = null;
    count = announced;
    keptBytes = 0;
    CommandSpec found = server.commands().find(name);
    spec = found == null ? server.commands().unknown() : found;
    if (found == null) {
      return;
    }
    if (!found.allows(announced)) {
      fail(
          "ERR wrong number of arguments for '"
              + found.name().toLowerCase(Locale.ROOT)
              + "' command");
    } else if (!session.authenticated && !found.isOpen()) {
      server.metrics().reject(Rejection.NO_AUTH);
      fail("NOAUTH Authentication required.");
    } else if (announced > MAX_ARGUMENTS) {
      server.metrics().reject(Rejection.TOO_LARGE);
      fail("ERR request of " + announced + " arguments: the maximum is " + MAX_ARGUMENTS);
    }
  }

  /**
   * Decides about an argument. A payload is only weighed; what the request says of it the caller
   * checks.
   */
  Disposition admit(int index, long length) {
    if (index == 0) {
      return length <= MAX_NAME_BYTES ? Disposition.KEEP : Disposition.SKIP;
    }
    if (isUnknown()) {
      return quote(length) ? Disposition.KEEP : Disposition.SKIP;
    }
    if (failure == null) {
      if (spec.isPayload(index, count)) {
        return admitPayload(length);
      }
      check(spec, index, length);
    }
    return failure == null ? Disposition.KEEP : Disposition.SKIP;
  }

  boolean isUnknown() {
    return spec.isUnknown();
  }

  private boolean quote(long length) {
    if (keptBytes >= QUOTED_BYTES || length > QUOTED_BYTES) {
      return false;
    }
    keptBytes += (int) length;
    return true;
  }

  private Disposition admitPayload(long length) {
    int most = server.service().maxValueBytes();
    if (length <= most) {
      return Disposition.PAYLOAD;
    }
    server.metrics().reject(Rejection.TOO_LARGE);
    fail(
        "ERR value of "
            + length
            + " bytes is larger than this node's maximum of "
            + most
            + " bytes");
    return Disposition.SKIP;
  }

  private void check(CommandSpec of, int index, long length) {
    if (of.isKey(index, count) && (length == 0 || length > Limits.MAX_KEY_BYTES)) {
      fail("ERR key of " + length + " bytes: a key has 1 to " + Limits.MAX_KEY_BYTES + " bytes");
      return;
    }
    if (of.payload() == PayloadPlace.LAST && length > Limits.MAX_METADATA_BYTES) {
      fail(
          "ERR metadata of "
              + length
              + " bytes is larger than the maximum of "
              + Limits.MAX_METADATA_BYTES
              + " bytes");
      return;
    }
    if (length > MAX_SMALL_BYTES - keptBytes) {
      server.metrics().reject(Rejection.TOO_LARGE);
      fail("ERR request of more than " + MAX_SMALL_BYTES + " bytes beside its payload");
      return;
    }
    keptBytes += (int) length;
    if (keptBytes > HEAVY_BYTES && !heavy) {
      heavy = server.heavyRequests().tryAcquire();
      if (!heavy) {
        server.metrics().reject(Rejection.REQUEST_BUDGET);
        fail("TRYAGAIN this node reads too many large requests at once: try again");
      }
    }
  }

  /** The request has been read, or never will be. */
  void end() {
    if (heavy) {
      heavy = false;
      server.heavyRequests().release();
    }
  }

  /** Redis's words for a command that does not exist. */
  static String unknownCommand(byte[][] arguments, int count) {
    StringBuilder text = new StringBuilder("ERR unknown command '");
    text.append(shortened(arguments[0])).append("', with args beginning with: ");
    for (int i = 1, quoted = 0; i < count && quoted < QUOTED_BYTES; i++) {
      String argument = shortened(arguments[i]);
      text.append('\'').append(argument).append("' ");
      quoted += argument.length();
    }
    return text.toString();
  }

  private static String shortened(byte[] argument) {
    return new String(argument, 0, Math.min(argument.length, QUOTED_BYTES), UTF_8);
  }
}
