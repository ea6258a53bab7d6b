package io.larder.protocol;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayList;
import java.util.List;

/**
 * One RESP command to send: a name, arguments and, as the last argument, an optional payload that
 * is written to the socket without being copied.
 *
 * <p>Built by one thread, sent once. The connection that sends it owns the payload's buffers and
 * releases them in every case.
 */
public final class Command {
  private static final byte[] CRLF = {'\r', '\n'};

  private final String name;
  private final List<byte[]> arguments = new ArrayList<>(8);
  private List<ByteBuf> payload = List.of();
  private boolean hasPayload;
  private long payloadBytes;

  private Command(String name) {
    this.name = name;
    arguments.add(name.getBytes(US_ASCII));
  }

  /** A command without arguments yet, as {@code Command.of("KV.GET").arg(key)}. */
  public static Command of(String name) {
    return new Command(name);
  }

  /** Adds an argument; the array is not copied and must not change until the command is sent. */
  public Command arg(byte[] bytes) {
    if (hasPayload) {
      throw new IllegalStateException("the payload is the last argument of " + name);
    }
    arguments.add(bytes);
    return this;
  }

  /** Adds an argument in UTF-8. */
  public Command arg(String text) {
    return arg(text.getBytes(UTF_8));
  }

  /** Adds an argument in decimal. */
  public Command arg(long number) {
    return arg(Long.toString(number).getBytes(US_ASCII));
  }

  /** Adds several arguments. */
  public Command args(Iterable<byte[]> several) {
    several.forEach(this::arg);
    return this;
  }

  /**
   * Adds the last argument: the readable bytes of these buffers, one after the other. Ownership of
   * the buffers passes to the command. Their bytes must not change until the command's future is
   * complete, which never happens before all of them are written.
   */
  public Command payload(List<ByteBuf> buffers) {
    if (hasPayload) {
      throw new IllegalStateException(name + " has a payload already");
    }
    hasPayload = true;
    payload = List.copyOf(buffers);
    for (ByteBuf buffer : payload) {
      payloadBytes += buffer.readableBytes();
    }
    return this;
  }

  /** The command's name as passed to {@link #of}. */
  public String name() {
    return name;
  }

  List<ByteBuf> payload() {
    return payload;
  }

  boolean hasPayload() {
    return hasPayload;
  }

  /** Releases the payload's buffers of a command that is never sent. */
  void releasePayload() {
    payload.forEach(ReferenceCountUtil::safeRelease);
    payload = List.of();
  }

  /** The number of bytes that {@link #encodeHead} writes. */
  int headBytes() {
    int size = 1 + digits(arguments.size() + (hasPayload ? 1 : 0)) + 2;
    for (byte[] argument : arguments) {
      size += 1 + digits(argument.length) + 2 + argument.length + 2;
    }
    return hasPayload ? size + 1 + digits(payloadBytes) + 2 : size;
  }

  /** Writes everything but the payload's bytes and the line end after them. */
  void encodeHead(ByteBuf out) {
    header(out, '*', arguments.size() + (hasPayload ? 1 : 0));
    for (byte[] argument : arguments) {
      header(out, '$', argument.length);
      out.writeBytes(argument).writeBytes(CRLF);
    }
    if (hasPayload) {
      header(out, '$', payloadBytes);
    }
  }

  private static void header(ByteBuf out, char type, long number) {
    out.writeByte(type);
    out.writeCharSequence(Long.toString(number), US_ASCII);
    out.writeBytes(CRLF);
  }

  private static int digits(long number) {
    int digits = 1;
    for (long rest = number / 10; rest > 0; rest /= 10) {
      digits++;
    }
    return digits;
  }

  @Override
  public String toString() {
    return name;
  }
}
