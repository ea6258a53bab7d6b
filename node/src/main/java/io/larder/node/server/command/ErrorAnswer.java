package io.larder.node.server.command;

import io.larder.node.service.BlockService;
import io.larder.node.service.Refusal;
import io.larder.protocol.Reply;
import java.util.Collections;
import org.jspecify.annotations.Nullable;

/**
 * The reply to a request that ends in an error.
 *
 * @param instead the reply in place of the error; null for the error itself
 * @param ends whether the connection ends after an error that is sent: a client that counts bytes
 *     would be out of step
 */
public record ErrorAnswer(@Nullable Reply instead, boolean ends) {
  /** The error is sent, and the connection stays. */
  public static final ErrorAnswer SENT = new ErrorAnswer(null, false);

  private static final ErrorAnswer SENT_AND_END = new ErrorAnswer(null, true);
  private static final ErrorAnswer NIL = instead(Reply.NULL);
  private static final ErrorAnswer OK = instead(Reply.OK);
  private static final ErrorAnswer ZERO = instead(Reply.of(0));
  private static final ErrorAnswer NO_KEY = instead(Reply.of(BlockService.TTL_ABSENT));

  private static ErrorAnswer instead(Reply reply) {
    return new ErrorAnswer(reply, true);
  }

  /**
   * The reply in a plain session.
   *
   * @param keys how many keys the request names, for a reply that has an element for each
   * @param ifAbsent whether a put asked for NX
   */
  static ErrorAnswer ofPlain(PlainAnswer plain, int keys, boolean ifAbsent) {
    return switch (plain) {
      case ERROR -> SENT;
      case ERROR_AND_END -> SENT_AND_END;
      case NIL -> NIL;
      case NIL_EACH -> instead(new Reply.Array(Collections.nCopies(keys, Reply.NULL)));
      case ZERO -> ZERO;
      case NO_KEY -> NO_KEY;
      case ACCEPTED -> ifAbsent ? NIL : OK;
    };
  }

  /** The error, and then the end of the connection unless the error would have been sent anyway. */
  ErrorAnswer asError() {
    return instead == null ? this : SENT_AND_END;
  }

  /** For one block of several, whose array has begun. */
  public ErrorAnswer ofOne() {
    return instead == null ? this : NIL;
  }

  /** The reply in place of an error with this cause; null for the error. */
  public @Nullable Reply insteadOf(Refusal refusal) {
    return refusal.isTold() ? null : instead;
  }
}
