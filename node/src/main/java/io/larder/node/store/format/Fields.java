package io.larder.node.store.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;

/** Fields that several structures have. */
final class Fields {
  private Fields() {}

  /** A structure's bytes, little-endian as everything on the device. */
  static ByteBuffer of(ByteBuffer bytes, int at, int length) {
    return bytes.slice(at, length).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** The bytes of a structure that is about to be encoded, zeroed; whole longs. */
  static ByteBuffer zeroed(ByteBuffer bytes, int at, int length) {
    ByteBuffer fields = of(bytes, at, length);
    for (int i = 0; i < length; i += Long.BYTES) {
      fields.putLong(i, 0);
    }
    return fields;
  }

  static void put(ByteBuffer fields, int at, UUID uuid) {
    fields.putLong(at, uuid.getMostSignificantBits());
    fields.putLong(at + Long.BYTES, uuid.getLeastSignificantBits());
  }

  static boolean is(ByteBuffer fields, int at, UUID uuid) {
    return fields.getLong(at) == uuid.getMostSignificantBits()
        && fields.getLong(at + Long.BYTES) == uuid.getLeastSignificantBits();
  }

  static void put(ByteBuffer fields, int at, Nonce nonce) {
    fields.putLong(at, nonce.high()).putLong(at + Long.BYTES, nonce.low());
  }

  static Nonce nonce(ByteBuffer fields, int at) {
    return new Nonce(fields.getLong(at), fields.getLong(at + Long.BYTES));
  }
}
