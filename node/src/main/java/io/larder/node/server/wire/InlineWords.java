package io.larder.node.server.wire;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * The words of an inline command, split as Redis does: at blanks, with {@code "…"} that knows
 * {@code \n \r \t \b \a \xHH \" \\}, and {@code '…'} that knows {@code \'} only.
 */
final class InlineWords {
  private final byte[] line;
  private int at;

  private InlineWords(byte[] line) {
    this.line = line;
  }

  static List<byte[]> split(byte[] line) throws ProtocolException {
    InlineWords words = new InlineWords(line);
    List<byte[]> found = new ArrayList<>();
    for (; ; ) {
      while (words.at < line.length && isBlank(line[words.at])) {
        words.at++;
      }
      if (words.at == line.length) {
        return found;
      }
      found.add(words.word());
    }
  }

  private byte[] word() throws ProtocolException {
    ByteArrayOutputStream word = new ByteArrayOutputStream();
    while (at < line.length && !isBlank(line[at])) {
      byte b = line[at++];
      if (b == '"' || b == '\'') {
        quoted(b, word);
      } else {
        word.write(b);
      }
    }
    return word.toByteArray();
  }

  private void quoted(byte quote, ByteArrayOutputStream word) throws ProtocolException {
    while (at < line.length) {
      byte b = line[at++];
      if (b == quote) {
        if (at < line.length && !isBlank(line[at])) {
          break; // a closing quote ends the word
        }
        return;
      }
      if (b == '\\' && at < line.length && (quote == '"' || line[at] == '\'')) {
        word.write(escaped(line[at++]));
      } else {
        word.write(b);
      }
    }
    throw new ProtocolException("unbalanced quotes in request");
  }

  private int escaped(byte b) {
    return switch (b) {
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'b' -> '\b';
      case 'a' -> 7;
      case 'x' -> {
        int high = at + 1 < line.length ? Character.digit(line[at], 16) : -1;
        int low = at + 1 < line.length ? Character.digit(line[at + 1], 16) : -1;
        if (high < 0 || low < 0) {
          yield 'x';
        }
        at += 2;
        yield (high << 4) | low;
      }
      default -> b;
    };
  }

  private static boolean isBlank(byte b) {
    return b == ' ' || (b >= '\t' && b <= '\r') || b == 0;
  }
}
