package io.larder.node.server;

import io.larder.node.service.BlockService;
import io.larder.node.service.Refusal;
import io.larder.protocol.Reply;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of the error of one request.
 *
 * @param instead what is answered in its place; null for the error itself
 * @param ends whether the connection ends after an error that is sent all the same: a client that
 *     counts bytes would be out of step
 */
record ErrorAnswer(@Nullable Reply instead, boolean ends) {
  /** The error is sent, and the connection stays. */
  static final ErrorAnswer SENT = new ErrorAnswer(null, false);

  static final ErrorAnswer SENT_AND_END = new ErrorAnswer(null, true);
  static final ErrorAnswer NIL = instead(Reply.NULL);
  static final ErrorAnswer OK = instead(Reply.OK);
  static final ErrorAnswer ZERO = instead(Reply.of(0));
  static final ErrorAnswer NO_KEY = instead(Reply.of(BlockService.TTL_ABSENT));

  static ErrorAnswer instead(Reply reply) {
    return new ErrorAnswer(reply, true);
  }

  /** The one place that decides it. */
  static ErrorAnswer of(Call call) {
    if (!call.session().isPlain()) {
      return SENT;
    }
    ErrorAnswer answer = call.spec().plain().of(call);
    return answer.instead == null || call.server().config().answersPlainSessions()
        ? answer
        : SENT_AND_END;
  }

  /** For one block of several, whose array has begun. */
  ErrorAnswer ofOne() {
    return instead == null ? this : NIL;
  }

  /** What is sent in place of an error with this cause; null for the error. */
  @Nullable Reply insteadOf(Refusal refusal) {
    return refusal.isTold() ? null : instead;
  }
}
