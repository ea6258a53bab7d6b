package io.larder.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;

/**
 * A small RESP reply, as the server writes it and a client reads it. Replies that carry a block's
 * bytes are streamed instead.
 */
public sealed interface Reply {

  /** {@code +text}. */
  record Simple(String text) implements Reply {}

  /**
   * {@code -message}; the first word is the kind, in capitals, as {@code ERR} or {@code TRYAGAIN}.
   */
  record Failure(String message) implements Reply {}

  /** {@code :value}. */
  record Int(long value) implements Reply {}

  /** {@code $length bytes}. The array is not copied: it belongs to the reply. */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody; a List<Byte> would cost 16 x
  record Bulk(byte[] bytes) implements Reply {
    /** The bytes read as UTF-8. */
    public String text() {
      return new String(bytes, UTF_8);
    }
  }

  /** {@code *n elements}. */
  record Array(List<Reply> elements) implements Reply {}

  /** {@code %n key value …} in RESP3, a flat array in RESP2. Keys and values alternate. */
  record Mapping(List<Reply> keysAndValues) implements Reply {}

  /** {@code $-1} in RESP2, {@code _} in RESP3. */
  record Null() implements Reply {}

  Reply OK = new Simple("OK");
  Reply PONG = new Simple("PONG");
  Reply NULL = new Null();

  static Reply of(long value) {
    return new Int(value);
  }

  static Reply bulk(String text) {
    return new Bulk(text.getBytes(UTF_8));
  }

  static Reply error(String message) {
    return new Failure(message);
  }

  static Reply array(Reply... elements) {
    return new Array(List.of(elements));
  }
}
