package io.larder.node.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.Arrays;
import java.util.Locale;

/**
 * What Jazzer runs: the first two bytes say where the rest is cut, the rest comes over a
 * connection. Whatever it is, the replies are RESP, they do not depend on the cut, and all memory
 * comes back.
 */
public final class ConnectionFuzz {
  private ConnectionFuzz() {}

  /** Jazzer's entry. */
  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length < 3) {
      return;
    }
    byte[] sent = Arrays.copyOfRange(input, 2, input.length);
    int cut = ((input[0] & 0xff) << 8 | (input[1] & 0xff)) % (sent.length + 1);
    byte[] whole = Conversation.of(sent);
    requireReplies(whole);
    if (tellsOfItself(sent)) {
      return;
    }
    byte[] inPieces =
        Conversation.of(
            Arrays.copyOfRange(sent, 0, cut), Arrays.copyOfRange(sent, cut, sent.length));
    if (!Arrays.equals(whole, inPieces)) {
      throw new AssertionError(
          "cut at %d: %s is not %s"
              .formatted(cut, new String(inPieces, ISO_8859_1), new String(whole, ISO_8859_1)));
    }
  }

  /** Whether the server may tell of its age or its work, which differ from run to run. */
  private static boolean tellsOfItself(byte[] sent) {
    String text = new String(sent, ISO_8859_1).toLowerCase(Locale.ROOT);
    return text.contains("info") || text.contains("list");
  }

  /** Fails unless these are whole replies, one after the other. */
  private static void requireReplies(byte[] replies) {
    for (int at = 0; at < replies.length; ) {
      at = endOfReply(replies, at);
    }
  }

  private static int endOfReply(byte[] replies, int start) {
    int lineEnd = start;
    while (replies[lineEnd] != '\n') {
      lineEnd++;
    }
    String line = new String(replies, start + 1, lineEnd - 2 - start, ISO_8859_1);
    if (replies[lineEnd - 1] != '\r') {
      throw new AssertionError("a line without its end: " + line);
    }
    int at = lineEnd + 1;
    switch (replies[start]) {
      case '+', '-', ':', '_', '#', ',' -> {}
      case '$', '=' -> {
        int length = Integer.parseInt(line);
        at += length < 0 ? 0 : length + 2;
        if (at > replies.length || replies[at - 1] != '\n') {
          throw new AssertionError("a value of another length than " + line);
        }
      }
      case '*', '~', '%', '>' -> {
        int elements = Integer.parseInt(line) * (replies[start] == '%' ? 2 : 1);
        for (int i = 0; i < elements; i++) {
          at = endOfReply(replies, at);
        }
      }
      default -> throw new AssertionError("a reply that begins with " + (char) replies[start]);
    }
    return at;
  }
}
