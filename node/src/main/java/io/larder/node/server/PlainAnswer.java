package io.larder.node.server;

import io.larder.protocol.Reply;
import java.util.Collections;

/**
 * What a plain session is answered where another reads an error. Such a client counts the bytes of
 * its replies and never connects again: an error leaves it out of step, and the values it reads
 * from then on are those of other keys. A command has one of these answers whatever the cause; see
 * {@link ErrorAnswer} for the causes that are told all the same.
 */
enum PlainAnswer {
  /** The error, and the connection stays: only clients that read errors send the command. */
  ERROR,
  /** The error, then the end of the connection. */
  ERROR_AND_END,
  /** A miss. */
  NIL,
  /** A miss for each key. */
  NIL_EACH,
  /** None of the keys is there. */
  ZERO,
  /** As for a key that does not exist. */
  NO_KEY,
  /** Accepted, and dropped as a cache may drop; a put that asked for NX was not stored. */
  ACCEPTED;

  /** What the error of a call becomes if a plain session sent it. */
  ErrorAnswer of(Call call) {
    return switch (this) {
      case ERROR -> ErrorAnswer.SENT;
      case ERROR_AND_END -> ErrorAnswer.SENT_AND_END;
      case NIL -> ErrorAnswer.NIL;
      case NIL_EACH ->
          ErrorAnswer.instead(
              new Reply.Array(Collections.nCopies(Math.max(0, call.count() - 1), Reply.NULL)));
      case ZERO -> ErrorAnswer.ZERO;
      case NO_KEY -> ErrorAnswer.NO_KEY;
      case ACCEPTED -> PutRequest.isIfAbsent(call) ? ErrorAnswer.NIL : ErrorAnswer.OK;
    };
  }
}
