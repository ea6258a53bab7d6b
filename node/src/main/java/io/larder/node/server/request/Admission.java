package io.larder.node.server.request;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.larder.node.server.command.Answer;
import io.larder.node.server.command.Answer.Now;
import io.larder.node.server.command.CommandSpec;
import io.larder.node.server.command.CommandSpec.PayloadPlace;
import io.larder.node.server.command.Rejection;
import io.larder.node.server.command.Session;
import io.larder.node.server.wire.RequestDecoder.Disposition;
import io.larder.node.service.Refusal;
import io.larder.protocol.Limits;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Decides about a request's arguments before a byte of them is kept. The first error of a request
 * becomes its reply once the rest of it has been skipped. Belongs to one event loop.
 */
public final class Admission {
  /** All arguments of a request but its payload, in bytes. */
  static final int MAX_SMALL_BYTES = 2 << 20;

  /** The arguments of a request. */
  static final int MAX_ARGUMENTS = 65_536;

  /** Beyond this a request takes one of the few places for large ones. */
  private static final int HEAVY_BYTES = 64 << 10;

  private static final int MAX_NAME_BYTES = 64;

  /** The memory an argument costs beside its bytes. */
  private static final int OVERHEAD_BYTES = 24;

  // A client that has not given the password needs no more than HELLO takes.
  private static final int MAX_UNAUTHENTICATED_ARGUMENTS = 16;
  private static final int MAX_UNAUTHENTICATED_BYTES = 16 << 10;

  // SET's options.
  private static final int MAX_OPTION_BYTES = 16;
  private static final int MAX_SET_ARGUMENTS = 8;

  private final RequestContext server;
  private final Session session;
  private CommandSpec spec;
  private int count;
  private @Nullable Now failure;
  private int keptBytes;
  private int keptArguments;
  private boolean heavy;

  public Admission(RequestContext server, Session session) {
    this.server = server;
    this.session = session;
    this.spec = server.commands().unknown();
  }

  public CommandSpec spec() {
    return spec;
  }

  /** The error that answers the request; null if nothing is wrong so far. */
  public @Nullable Now failure() {
    return failure;
  }

  void fail(Now answer) {
    if (failure == null) {
      failure = answer;
    }
  }

  private void fail(Refusal refusal, String message) {
    fail(Answer.refused(refusal, message));
  }

  /** Begins a request, whose name has been read. */
  public void named(byte[] name, int announced) {
    end();
    count = announced;
    keptBytes = 0;
    keptArguments = 0;
    spec = server.commands().find(name);
    if (spec.isUnknown()) {
      fail(Refusal.MALFORMED, unknownCommand(name, announced));
    } else if (!spec.allows(announced)) {
      fail(
          Refusal.MALFORMED,
          "ERR wrong number of arguments for '"
              + spec.name().toLowerCase(Locale.ROOT)
              + "' command");
    } else if (!session.isAuthenticated() && !spec.isOpen()) {
      server.reject(Rejection.NO_AUTH);
      fail(Refusal.NOT_AUTHENTICATED, "NOAUTH Authentication required.");
    } else if (announced > maxArguments()) {
      server.reject(Rejection.TOO_LARGE);
      fail(
          Refusal.MALFORMED,
          "ERR request of " + announced + " arguments: the maximum is " + maxArguments());
    }
  }

  private int maxArguments() {
    return session.isAuthenticated() ? MAX_ARGUMENTS : MAX_UNAUTHENTICATED_ARGUMENTS;
  }

  private int maxSmallBytes() {
    return session.isAuthenticated() ? MAX_SMALL_BYTES : MAX_UNAUTHENTICATED_BYTES;
  }

  /**
   * Decides about an argument. No argument of a refused request is kept. Of a payload only the
   * length is checked; the caller checks the arguments before it.
   */
  public Disposition admit(int index, long length) {
    if (index == 0) {
      return length <= MAX_NAME_BYTES ? Disposition.KEEP : Disposition.SKIP;
    }
    if (failure == null) {
      if (spec.isPayload(index, count)) {
        return admitPayload(length);
      }
      check(index, length);
    }
    return failure == null || isOption(failure, index, length)
        ? Disposition.KEEP
        : Disposition.SKIP;
  }

  /** Whether it may be the NX of a SET, which a plain session's answer depends on. */
  private boolean isOption(Now answer, int index, long length) {
    return spec.payload() == PayloadPlace.THIRD
        && index > 2
        && count <= MAX_SET_ARGUMENTS
        && length <= MAX_OPTION_BYTES
        && answer.refusal() != Refusal.NOT_AUTHENTICATED;
  }

  private Disposition admitPayload(long length) {
    int most = server.service().maxValueBytes();
    if (length <= most) {
      return Disposition.PAYLOAD;
    }
    server.reject(Rejection.TOO_LARGE);
    fail(
        Refusal.TOO_LARGE,
        "ERR value of "
            + length
            + " bytes is larger than this node's maximum of "
            + most
            + " bytes");
    return Disposition.SKIP;
  }

  private void check(int index, long length) {
    if (spec.isKey(index, count) && (length == 0 || length > Limits.MAX_KEY_BYTES)) {
      fail(
          Refusal.TOO_LARGE,
          "ERR key of " + length + " bytes: a key has 1 to " + Limits.MAX_KEY_BYTES + " bytes");
      return;
    }
    if (spec.payload() == PayloadPlace.LAST && length > Limits.MAX_METADATA_BYTES) {
      fail(
          Refusal.MALFORMED,
          "ERR metadata of "
              + length
              + " bytes is larger than the maximum of "
              + Limits.MAX_METADATA_BYTES
              + " bytes");
      return;
    }
    if (length > maxSmallBytes() - keptBytes) {
      server.reject(Rejection.TOO_LARGE);
      fail(
          Refusal.MALFORMED,
          "ERR request of more than " + maxSmallBytes() + " bytes beside its payload");
      return;
    }
    keptBytes += (int) length;
    keptArguments++;
    if (keptBytes + keptArguments * OVERHEAD_BYTES > HEAVY_BYTES && !heavy) {
      heavy = server.heavyRequests().tryAcquire();
      if (!heavy) {
        server.reject(Rejection.REQUEST_BUDGET);
        fail(
            Refusal.OVERLOADED,
            "TRYAGAIN this node reads too many large requests at once: try again");
      }
    }
  }

  /** Ends the request: it has been read, or never will be. */
  public void end() {
    failure = null;
    if (heavy) {
      heavy = false;
      server.heavyRequests().release();
    }
  }

  private static String unknownCommand(byte[] name, int count) {
    return "ERR unknown command '"
        + new String(name, UTF_8)
        + "', with "
        + (count == 2 ? "1 argument" : count - 1 + " arguments");
  }
}
