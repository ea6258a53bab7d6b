package io.larder.node.server.wire;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import java.util.List;

/**
 * Decodes requests: arrays of bulk strings, and inline commands.
 *
 * <pre>
 *   *&lt;count&gt;\r\n  then count times  $&lt;length&gt;\r\n&lt;length bytes&gt;\r\n
 *   word word "quoted word"\r\n
 * </pre>
 *
 * <p>The decoder does not know the commands. An {@link Admission} decides about every argument,
 * from its place and length alone and before a byte of it is kept: it is kept, skipped, or a
 * payload, which the caller takes from the connection. Skipped arguments are only counted. Belongs
 * to one event loop.
 */
public final class RequestDecoder {
  /** The longest inline request in bytes. */
  public static final int MAX_INLINE_BYTES = 16 << 10;

  /** The most bytes of one request that are skipped. */
  public static final long MAX_SKIPPED_BYTES = 512L << 20;

  private static final int MAX_ARGUMENTS_SKIPPED = 1 << 20;
  private static final long INCOMPLETE = Long.MIN_VALUE;
  private static final byte[] NOTHING = {};
  private static final byte[][] NONE = {};
  private static final int FIRST_ARGUMENTS = 4;

  /** The result of {@link #next}. */
  public enum Event {
    /** The buffer ends; more bytes are needed. */
    MORE,
    /** The command's name, argument 0, is there. */
    NAMED,
    /** A payload begins: take {@link #payloadLength} bytes, then call {@link #payloadTaken}. */
    PAYLOAD,
    /** The request is complete. */
    REQUEST
  }

  /** The decision about an argument. */
  public enum Disposition {
    KEEP,
    SKIP,
    PAYLOAD
  }

  /** Decides about arguments before they are read. */
  @FunctionalInterface
  public interface Admission {
    /**
     * Decides about one argument.
     *
     * @param index the argument's place; 0 is the command's name
     * @param length announced, in bytes
     */
    Disposition admit(int index, long length);
  }

  private enum State {
    START,
    HEADER,
    BODY,
    SKIP,
    PAYLOAD,
    PAYLOAD_END,
    INLINE
  }

  private final Admission admission;
  private State state = State.START;
  private byte[][] arguments = NONE;
  private int count;
  private int index;
  private int filled;
  private long skipLeft;
  private long skippedBytes;
  private int payloadLength;

  public RequestDecoder(Admission admission) {
    this.admission = admission;
  }

  /**
   * Decodes the next bytes of {@code in}.
   *
   * @throws ProtocolException if the connection must be closed
   */
  public Event next(ByteBuf in) throws ProtocolException {
    for (; ; ) {
      switch (state) {
        case START -> {
          if (!in.isReadable()) {
            return Event.MORE;
          }
          if (in.getByte(in.readerIndex()) != '*') {
            if (!startInline(in)) {
              return Event.MORE;
            }
            if (count > 0) {
              return Event.NAMED;
            }
          } else {
            long announced = readLength(in, "invalid multibulk length");
            if (announced == INCOMPLETE) {
              return Event.MORE;
            }
            if (announced > MAX_ARGUMENTS_SKIPPED) {
              throw new ProtocolException("invalid multibulk length");
            }
            if (announced > 0) {
              start((int) announced);
            }
          }
        }
        case HEADER -> {
          if (index == count) {
            state = State.START;
            return Event.REQUEST;
          }
          if (!in.isReadable()) {
            return Event.MORE;
          }
          byte first = in.getByte(in.readerIndex());
          if (first != '$') {
            throw new ProtocolException("expected '$', got '" + printable(first) + "'");
          }
          long length = readLength(in, "invalid bulk length");
          if (length == INCOMPLETE) {
            return Event.MORE;
          }
          if (length < 0) {
            throw new ProtocolException("invalid bulk length");
          }
          if (startArgument(length)) {
            return Event.PAYLOAD;
          }
        }
        case BODY -> {
          byte[] body = arguments[index];
          int taken = Math.min(in.readableBytes(), body.length - filled);
          in.readBytes(body, filled, taken);
          filled += taken;
          if (filled < body.length || !endArgument(in)) {
            return Event.MORE;
          }
          if (index == 1) {
            return Event.NAMED;
          }
        }
        case SKIP -> {
          int taken = (int) Math.min(in.readableBytes(), skipLeft);
          in.skipBytes(taken);
          skipLeft -= taken;
          if (skipLeft > 0 || !endArgument(in)) {
            return Event.MORE;
          }
          if (index == 1) {
            return Event.NAMED;
          }
        }
        case PAYLOAD -> throw new IllegalStateException("the payload has not been taken");
        case PAYLOAD_END -> {
          if (!endArgument(in)) {
            return Event.MORE;
          }
        }
        case INLINE -> {
          state = State.START;
          return Event.REQUEST;
        }
      }
    }
  }

  /** How many arguments the request has or announces, the name included. */
  public int count() {
    return count;
  }

  /** How many arguments have been read. */
  public int read() {
    return index;
  }

  /** An argument that has been read; empty if it was a payload or skipped. Not a copy. */
  public byte[] argument(int i) {
    return i < arguments.length ? arguments[i] : NOTHING;
  }

  /**
   * The arguments kept so far, and room for more; shorter than the request if its last ones were
   * skipped. Not a copy.
   */
  public byte[][] arguments() {
    return arguments;
  }

  /** Hands all arguments over to the caller. */
  public byte[][] takeArguments() {
    byte[][] taken = arguments;
    arguments = NONE;
    return taken;
  }

  /** Whether the request came as an inline command; its arguments are all there at once. */
  public boolean isInline() {
    return state == State.INLINE;
  }

  /** Whether nothing of a next request has been read. */
  public boolean isAtStart() {
    return state == State.START;
  }

  /** Of {@link Event#PAYLOAD}: its length in bytes. */
  public int payloadLength() {
    return payloadLength;
  }

  /** The caller has taken the payload's bytes. */
  public void payloadTaken() {
    state = State.PAYLOAD_END;
  }

  /**
   * Skips the rest of the payload.
   *
   * @param left the bytes that the caller has not taken
   */
  public void skipPayload(int left) {
    skipLeft = left;
    skippedBytes += left;
    state = State.SKIP;
  }

  private void start(int announced) {
    count = announced;
    index = 0;
    skippedBytes = 0;
    state = State.HEADER;
  }

  /** Returns whether the argument is a payload. */
  private boolean startArgument(long length) throws ProtocolException {
    switch (admission.admit(index, length)) {
      case KEEP -> {
        makeRoom();
        arguments[index] = length == 0 ? NOTHING : new byte[(int) length];
        filled = 0;
        state = State.BODY;
      }
      case SKIP -> {
        skippedBytes += length;
        if (skippedBytes > MAX_SKIPPED_BYTES) {
          throw new ProtocolException("invalid bulk length");
        }
        skipLeft = length;
        state = State.SKIP;
      }
      case PAYLOAD -> {
        makeRoom();
        payloadLength = (int) length;
        state = State.PAYLOAD;
        return true;
      }
    }
    return false;
  }

  /** Grows with the arguments kept, not with the number announced. */
  private void makeRoom() {
    int had = arguments.length;
    if (index >= had) {
      int wanted = Math.min(count, Math.max(2 * had, index + 1));
      arguments = Arrays.copyOf(arguments, Math.max(FIRST_ARGUMENTS, wanted));
      Arrays.fill(arguments, had, arguments.length, NOTHING);
    }
  }

  private boolean endArgument(ByteBuf in) throws ProtocolException {
    if (in.readableBytes() < 2) {
      return false;
    }
    if (in.readShort() != ('\r' << 8 | '\n')) {
      throw new ProtocolException("an argument is longer than its bulk length says");
    }
    index++;
    state = State.HEADER;
    return true;
  }

  /** Returns false if the line is not complete; {@link #count} is 0 for an empty line. */
  private boolean startInline(ByteBuf in) throws ProtocolException {
    int end = in.indexOf(in.readerIndex(), in.writerIndex(), (byte) '\n');
    if (end < 0
        ? in.readableBytes() > MAX_INLINE_BYTES
        : end - in.readerIndex() > MAX_INLINE_BYTES) {
      throw new ProtocolException("too big inline request");
    }
    if (end < 0) {
      return false;
    }
    byte[] line = new byte[end - in.readerIndex()];
    in.readBytes(line);
    in.skipBytes(1);
    List<byte[]> words = InlineWords.split(line);
    arguments = words.toArray(NONE);
    count = words.size();
    index = count;
    skippedBytes = 0;
    if (count > 0) {
      state = State.INLINE;
    }
    return true;
  }

  /** Reads {@code ?<number>\r\n}, or returns INCOMPLETE and leaves the buffer as it is. */
  private static long readLength(ByteBuf in, String complaint) throws ProtocolException {
    if (in.readableBytes() >= Long.BYTES) {
      // Up to five digits from a register: the buffer's checks cost more than reading a digit.
      long word = in.getLongLE(in.readerIndex()) >>> 8;
      int value = 0;
      int digits = 0;
      for (; digits < 5 && (word & 0xff) >= '0' && (word & 0xff) <= '9'; digits++, word >>>= 8) {
        value = value * 10 + (int) (word & 0xff) - '0';
      }
      if (digits > 0 && (word & 0xffff) == ('\n' << 8 | '\r')) {
        in.skipBytes(digits + 3);
        return value;
      }
    }
    return readAnyLength(in, complaint);
  }

  private static long readAnyLength(ByteBuf in, String complaint) throws ProtocolException {
    int at = in.readerIndex() + 1;
    int end = in.writerIndex();
    boolean negative = at < end && in.getByte(at) == '-';
    if (negative) {
      at++;
    }
    long value = 0;
    for (int digits = 0; at < end; digits++, at++) {
      byte b = in.getByte(at);
      if (b == '\r' && digits > 0) {
        if (at + 1 == end) {
          return INCOMPLETE;
        }
        if (in.getByte(at + 1) != '\n') {
          throw new ProtocolException(complaint);
        }
        in.readerIndex(at + 2);
        return negative ? -value : value;
      }
      if (b < '0' || b > '9' || digits == 18) {
        throw new ProtocolException(complaint);
      }
      value = value * 10 + (b - '0');
    }
    return INCOMPLETE;
  }

  private static String printable(byte b) {
    return b >= ' ' && b < 127 ? String.valueOf((char) b) : String.format("\\x%02x", b & 0xff);
  }
}
