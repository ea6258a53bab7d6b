package io.larder.node.server.command;

import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.Payload;
import io.larder.node.server.command.Answer.Now;
import io.larder.node.server.command.CommandSpec.PayloadPlace;
import io.larder.node.service.PutOptions;
import io.larder.node.service.PutOutcome;
import io.larder.node.service.Refusal;
import io.larder.node.service.ServiceException;
import io.larder.protocol.Limits;
import io.larder.protocol.PutToken;
import io.larder.protocol.Reply;
import java.nio.ByteBuffer;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A SET or KV.PUT without its payload.
 *
 * <pre>
 *   SET key value [EX seconds | PX milliseconds] [NX]
 *   KV.PUT key [META bytes] [CRC bytes] [PX ms] [TOKEN token] [WAIT ms] [WITHIN ms] VALUE payload
 * </pre>
 *
 * <p>WITHIN bounds how long KV.PUT waits for other nodes, from its last byte; a put that is not
 * settled by then is withdrawn and does not become visible later.
 *
 * @param crcs four bytes big-endian of CRC32C for each MiB of the payload, or null if none were
 *     sent
 * @param replies which command's replies the outcome is written as
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
public record PutRequest(Key key, PutOptions options, byte @Nullable [] crcs, Replies replies) {
  private static final long MAX_EXPIRY_MS = 100L * 365 * 86_400_000;

  /** How long KV.PUT waits for its commit, on top of its own WAIT. */
  private static final long COMMIT_WAIT_MS = 5_000;

  private static final Set<String> REFUSED =
      Set.of("XX", "GET", "KEEPTTL", "EXAT", "PXAT", "IFEQ", "IFNE", "IFDEQ", "IFDNE");

  enum Replies {
    SET,
    SET_NX,
    KV
  }

  /**
   * Parses a put; all arguments but the payload are there.
   *
   * @param length the payload's length
   */
  public static PutRequest of(Call call, int length) {
    return call.spec().payload() == PayloadPlace.LAST ? ofPut(call, length) : ofSet(call, length);
  }

  private static PutRequest ofSet(Call call, int length) {
    long expiresInMs = PutOptions.NO_EXPIRY;
    boolean ifAbsent = false;
    for (int i = 3; i < call.count(); i++) {
      String option = call.word(i);
      switch (option) {
        case "EX", "PX" -> {
          if (expiresInMs != PutOptions.NO_EXPIRY || ++i == call.count()) {
            throw new ServiceException("ERR syntax error");
          }
          long unitMs = option.equals("EX") ? 1000 : 1;
          long units = call.number(i);
          if (units <= 0 || units > MAX_EXPIRY_MS / unitMs) {
            throw new ServiceException("ERR invalid expire time in 'set' command");
          }
          expiresInMs = units * unitMs;
        }
        case "NX" -> ifAbsent = true;
        default ->
            throw new ServiceException(
                REFUSED.contains(option)
                    ? "ERR SET's option "
                        + option
                        + " is not supported: a value never changes under its key; use EX, PX or NX"
                    : "ERR syntax error");
      }
    }
    CommandSettings settings = call.settings();
    boolean plain = call.session().isPlain();
    long waitMs = plain ? settings.plainSetWaitMs() : settings.setWaitMs();
    boolean droppable = plain && settings.answersPlainSessions();
    PutOptions options =
        new PutOptions(Block.NO_METADATA, expiresInMs, null, waitMs, waitMs, length, droppable);
    return new PutRequest(call.key(1), options, null, ifAbsent ? Replies.SET_NX : Replies.SET);
  }

  private static PutRequest ofPut(Call call, int length) {
    byte[] metadata = Block.NO_METADATA;
    byte[] crcs = null;
    long expiresInMs = PutOptions.NO_EXPIRY;
    PutToken token = null;
    long waitMs = 0;
    long withinMs = 0;
    int last = call.count() - 1;
    int i = 2;
    for (; i + 1 < last && !call.word(i).equals("VALUE"); i += 2) {
      switch (call.word(i)) {
        case "META" -> metadata = call.arguments()[i + 1];
        case "CRC" -> crcs = checkCrcs(call.arguments()[i + 1], length);
        case "PX" -> expiresInMs = Numbers.checkMs("PX", call.number(i + 1), 1, MAX_EXPIRY_MS);
        case "TOKEN" -> token = PutToken.parse(call.text(i + 1));
        case "WAIT" ->
            waitMs = Numbers.checkMs("WAIT", call.number(i + 1), 0, LarderCommands.MAX_WAIT_MS);
        case "WITHIN" ->
            withinMs = Numbers.checkMs("WITHIN", call.number(i + 1), 1, LarderCommands.MAX_WAIT_MS);
        default ->
            throw new ServiceException(
                "ERR syntax error: KV.PUT takes META, CRC, PX, TOKEN, WAIT, WITHIN and VALUE");
      }
    }
    if (i + 1 != last || !call.word(i).equals("VALUE")) {
      throw new ServiceException("ERR syntax error: KV.PUT ends with VALUE payload");
    }
    boolean droppable = withinMs > 0;
    long settleMs = droppable ? withinMs : waitMs + COMMIT_WAIT_MS;
    PutOptions options =
        new PutOptions(metadata, expiresInMs, token, waitMs, settleMs, length, droppable);
    return new PutRequest(call.key(1), options, crcs, Replies.KV);
  }

  private static byte[] checkCrcs(byte[] crcs, int length) {
    if (crcs.length != 4 * Limits.chunks(length)) {
      throw new ServiceException(
          "ERR CRC of "
              + crcs.length
              + " bytes does not fit a value of "
              + length
              + " bytes: send 4 bytes, CRC32C big-endian, for each MiB");
    }
    return crcs;
  }

  /** Compares the bytes that arrived with the CRCs sent along; throws if they differ. */
  public void verify(Payload payload) {
    if (crcs == null) {
      return;
    }
    ByteBuffer sent = ByteBuffer.wrap(crcs);
    for (int i = 0; i < payload.chunkCount(); i++) {
      if (sent.getInt() != payload.crc(i)) {
        throw new ServiceException(
            "ERR the CRC32C of chunk "
                + i
                + " does not fit its bytes: nothing was stored, send"
                + " the value again");
      }
    }
  }

  Now answer(PutOutcome outcome) {
    if (replies == Replies.KV) {
      return answered(outcome, new Reply.Simple(outcome.name()));
    }
    return switch (outcome) {
      case STORED -> answered(outcome, Reply.OK);
      case EXISTS -> answered(outcome, replies == Replies.SET ? Reply.OK : Reply.NULL);
      case HELD -> {
        Reply error =
            Reply.error(
                "TIMEOUT another client has been writing this key for "
                    + options.waitMs()
                    + " ms: try again later");
        yield new Now(error, Outcome.HELD, Refusal.HELD);
      }
    };
  }

  private static Now answered(PutOutcome outcome, Reply reply) {
    return new Now(reply, Outcome.valueOf(outcome.name()), null);
  }
}
