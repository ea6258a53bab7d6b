package io.larder.node.server.wire;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.larder.protocol.Reply;
import io.netty.buffer.ByteBuf;
import java.util.List;

/**
 * Writes replies, in RESP2 or, for a connection that has chosen it, RESP3: nulls are {@code _} and
 * mappings {@code %}.
 */
public final class ReplyEncoder {
  private static final byte[] OK = "+OK\r\n".getBytes(UTF_8);
  private static final byte[] NULL2 = "$-1\r\n".getBytes(UTF_8);
  private static final byte[] NULL3 = "_\r\n".getBytes(UTF_8);

  private ReplyEncoder() {}

  public static void write(ByteBuf out, Reply reply, boolean resp3) {
    switch (reply) {
      case Reply.Simple simple -> {
        if (simple.equals(Reply.OK)) {
          out.writeBytes(OK);
        } else {
          writeLine(out, '+', simple.text());
        }
      }
      case Reply.Failure failure -> writeLine(out, '-', failure.message());
      case Reply.Int number -> writeNumber(out, ':', number.value());
      case Reply.Bulk bulk -> writeBulk(out, bulk.bytes());
      case Reply.Null _ -> writeNull(out, resp3);
      case Reply.Array array -> {
        writeNumber(out, '*', array.elements().size());
        writeAll(out, array.elements(), resp3);
      }
      case Reply.Mapping mapping -> {
        int elements = mapping.keysAndValues().size();
        writeNumber(out, resp3 ? '%' : '*', resp3 ? elements / 2 : elements);
        writeAll(out, mapping.keysAndValues(), resp3);
      }
    }
  }

  public static void writeNull(ByteBuf out, boolean resp3) {
    out.writeBytes(resp3 ? NULL3 : NULL2);
  }

  public static void writeBulk(ByteBuf out, byte[] bytes) {
    writeNumber(out, '$', bytes.length);
    out.writeBytes(bytes);
    writeEnd(out);
  }

  /** Writes {@code <kind><number>\r\n}. */
  public static void writeNumber(ByteBuf out, char kind, long number) {
    if (number >= 0 && number < 10) {
      out.writeInt(kind << 24 | ('0' + (int) number) << 16 | '\r' << 8 | '\n');
      return;
    }
    out.ensureWritable(23);
    out.writeByte(kind);
    if (number == Long.MIN_VALUE) {
      out.writeCharSequence(Long.toString(number), UTF_8);
    } else {
      long rest = Math.abs(number);
      if (number < 0) {
        out.writeByte('-');
      }
      int digits = 1;
      for (long power = 10; digits < 19 && rest >= power; power *= 10) {
        digits++;
      }
      int at = out.writerIndex();
      for (int i = digits - 1; i >= 0; i--, rest /= 10) {
        out.setByte(at + i, '0' + (int) (rest % 10));
      }
      out.writerIndex(at + digits);
    }
    writeEnd(out);
  }

  public static void writeEnd(ByteBuf out) {
    out.writeShort('\r' << 8 | '\n');
  }

  private static void writeAll(ByteBuf out, List<Reply> elements, boolean resp3) {
    for (Reply element : elements) {
      write(out, element, resp3);
    }
  }

  /** Replaces line ends, which a key quoted in an error can hold: the text must stay one line. */
  private static void writeLine(ByteBuf out, char kind, String text) {
    out.writeByte(kind);
    out.writeCharSequence(text.replace('\r', ' ').replace('\n', ' '), UTF_8);
    writeEnd(out);
  }
}
