package io.larder.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decodes RESP2 and RESP3 replies from bytes that arrive in any pieces. Keeps its position between
 * calls, so that no byte is read twice.
 *
 * <p>A caller that streams a reply's body asks to {@link Stop stop} at its header and reads the
 * body itself. Bounds: {@value #MAX_REPLY_BYTES} bytes a reply, {@value #MAX_DEPTH} levels, lines
 * of {@value #MAX_LINE_BYTES} bytes; beyond one it throws {@link RespException} and cannot go on.
 */
final class ReplyDecoder {
  static final int MAX_REPLY_BYTES = 16 << 20;
  static final int MAX_LINE_BYTES = 64 << 10;
  static final int MAX_DEPTH = 8;

  /** The bytes that an element counts beside its own, since it is an object on the heap. */
  private static final int ELEMENT_COST = 32;

  /** The header of the next reply, if it begins with one, at which to stop. */
  enum Stop {
    NEVER,
    AT_ARRAY,
    AT_BULK
  }

  /** The result of a call. */
  enum Step {
    /** All input is consumed and the reply is not complete. */
    MORE,
    /** {@link #reply()} is complete. */
    REPLY,
    /** The requested header is read; {@link #headerLength()} is the length of the body. */
    HEADER
  }

  private static final class Aggregate {
    final byte type;
    final List<Reply> elements = new ArrayList<>();
    long missing;

    Aggregate(byte type, long missing) {
      this.type = type;
      this.missing = missing;
    }
  }

  private final ArrayDeque<Aggregate> open = new ArrayDeque<>();
  private byte[] line = new byte[128];
  private int lineLength;
  private byte @Nullable [] body;
  private int bodyFilled;
  private byte bodyType;
  private int lineEndMissing;
  private long budget = MAX_REPLY_BYTES;
  private @Nullable Reply reply;
  private int headerLength;

  /** The reply of the last {@link Step#REPLY}. */
  Reply reply() {
    if (reply == null) {
      throw new IllegalStateException("no reply is complete");
    }
    return reply;
  }

  /** Elements or bytes that follow the header of the last {@link Step#HEADER}. */
  int headerLength() {
    return headerLength;
  }

  /** Consumes input up to the end of one reply. Pushed data of RESP3 is read and ignored. */
  Step decode(ByteBuf in, Stop stop) {
    while (in.isReadable()) {
      Reply element;
      if (body != null) {
        element = readBody(in, body);
      } else {
        if (!readLine(in)) {
          return Step.MORE;
        }
        byte type = line[0];
        if (open.isEmpty()) {
          budget = MAX_REPLY_BYTES;
          if (((stop == Stop.AT_ARRAY && type == '*') || (stop == Stop.AT_BULK && type == '$'))
              && line[1] != '-') {
            headerLength = (int) Math.min(Integer.MAX_VALUE, number());
            lineLength = 0;
            return Step.HEADER;
          }
        }
        element = interpretLine(type);
        lineLength = 0;
      }
      if (element != null && close(element)) {
        return Step.REPLY;
      }
    }
    return Step.MORE;
  }

  /** Adds a complete element to its parents; returns true if that completes a reply. */
  private boolean close(Reply element) {
    Reply done = element;
    while (true) {
      Aggregate parent = open.peek();
      if (parent == null) {
        reply = done;
        return true;
      }
      parent.elements.add(done);
      if (--parent.missing > 0) {
        return false;
      }
      open.pop();
      if (parent.type == '>') {
        return false; // pushed data answers no request
      }
      done =
          parent.type == '%'
              ? new Reply.Mapping(parent.elements)
              : new Reply.Array(parent.elements);
    }
  }

  /** Returns the element of the line; null if the line only opens one. */
  private @Nullable Reply interpretLine(byte type) {
    spend(ELEMENT_COST + lineLength);
    return switch (type) {
      case '+' -> new Reply.Simple(text());
      case '-' -> new Reply.Failure(text());
      case ':' -> new Reply.Int(number());
      case '_' -> Reply.NULL;
      case '#' -> new Reply.Int(text().equals("t") ? 1 : 0);
      case ',', '(' -> Reply.bulk(text());
      case '$', '=', '!' -> openBody(type);
      case '*', '~', '%', '>' -> openAggregate(type);
      default ->
          throw new RespException(
              String.format("the server's reply begins with byte 0x%02x: that is not RESP", type));
    };
  }

  private @Nullable Reply openBody(byte type) {
    long length = number();
    if (length < 0) {
      return Reply.NULL;
    }
    spend(length);
    body = new byte[(int) length];
    bodyFilled = 0;
    bodyType = type;
    lineEndMissing = 2;
    return null;
  }

  private @Nullable Reply openAggregate(byte type) {
    long count = number();
    if (count < 0) {
      return Reply.NULL;
    }
    long elements = type == '%' ? Math.multiplyExact(2L, Math.min(count, 1L << 40)) : count;
    if (elements > budget / ELEMENT_COST) {
      throw tooLarge();
    }
    if (type == '>' && !open.isEmpty()) {
      throw new RespException("the server pushed data inside a reply");
    }
    if (elements == 0) {
      if (type == '>') {
        return null;
      }
      return type == '%' ? new Reply.Mapping(List.of()) : new Reply.Array(List.of());
    }
    if (open.size() == MAX_DEPTH) {
      throw new RespException("a reply is nested deeper than " + MAX_DEPTH + " levels");
    }
    open.push(new Aggregate(type, elements));
    return null;
  }

  private @Nullable Reply readBody(ByteBuf in, byte[] bytes) {
    int count = Math.min(in.readableBytes(), bytes.length - bodyFilled);
    in.readBytes(bytes, bodyFilled, count);
    bodyFilled += count;
    while (lineEndMissing > 0 && bodyFilled == bytes.length && in.isReadable()) {
      expect(in.readByte(), lineEndMissing == 2 ? '\r' : '\n');
      lineEndMissing--;
    }
    if (lineEndMissing > 0) {
      return null;
    }
    body = null;
    if (bodyType == '!') {
      return new Reply.Failure(new String(bytes, UTF_8));
    }
    // Verbatim text begins with its three-letter format and a colon.
    return new Reply.Bulk(
        bodyType == '=' && bytes.length >= 4 ? Arrays.copyOfRange(bytes, 4, bytes.length) : bytes);
  }

  /** Reads bytes into the line up to its end; returns false if the end has not arrived yet. */
  private boolean readLine(ByteBuf in) {
    int at = in.indexOf(in.readerIndex(), in.writerIndex(), (byte) '\n');
    int count = (at < 0 ? in.writerIndex() : at + 1) - in.readerIndex();
    if (lineLength + count > MAX_LINE_BYTES) {
      throw new RespException("a line of the reply is longer than " + MAX_LINE_BYTES + " bytes");
    }
    if (lineLength + count > line.length) {
      line = Arrays.copyOf(line, Math.max(line.length * 2, lineLength + count));
    }
    in.readBytes(line, lineLength, count);
    lineLength += count;
    if (at < 0) {
      return false;
    }
    if (lineLength < 3) {
      throw new RespException("the server sent an empty line where a reply should begin");
    }
    expect(line[lineLength - 2], '\r');
    lineLength -= 2;
    return true;
  }

  private String text() {
    return new String(line, 1, lineLength - 1, UTF_8);
  }

  private long number() {
    boolean negative = lineLength > 1 && line[1] == '-';
    int from = negative ? 2 : 1;
    long value = 0;
    for (int i = from; i < lineLength; i++) {
      int digit = line[i] - '0';
      if (digit < 0 || digit > 9) {
        throw notANumber();
      }
      value = value * 10 + digit;
    }
    if (from >= lineLength || lineLength - from > 19) {
      throw notANumber();
    }
    return negative ? -value : value;
  }

  private RespException notANumber() {
    return new RespException("the reply has '" + text() + "' where a number should be");
  }

  private void spend(long bytes) {
    budget -= bytes;
    if (budget < 0) {
      throw tooLarge();
    }
  }

  private static RespException tooLarge() {
    return new RespException(
        "a reply is larger than "
            + (MAX_REPLY_BYTES >> 20)
            + " MiB: ask for fewer keys at once, or read values with KV.GET");
  }

  static void expect(byte got, char wanted) {
    if (got != wanted) {
      throw new RespException(
          String.format("the reply has byte 0x%02x where a line should end", got));
    }
  }
}
