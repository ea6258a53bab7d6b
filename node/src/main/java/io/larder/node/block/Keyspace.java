package io.larder.node.block;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.larder.protocol.Limits;
import io.larder.protocol.Slots;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Creates the {@link Key}s of one cluster. The fingerprint is SipHash-2-4 (Aumasson and Bernstein,
 * 2012) under a key derived from the cluster's name, so all nodes of a cluster agree on it and two
 * clusters do not. Immutable.
 */
public final class Keyspace {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final long k0;
  private final long k1;

  public Keyspace(String cluster) {
    byte[] digest;
    try {
      digest = MessageDigest.getInstance("SHA-256").digest(("larder:" + cluster).getBytes(UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
    k0 = (long) LONG.get(digest, 0);
    k1 = (long) LONG.get(digest, 8);
  }

  /**
   * Derives slot and fingerprint.
   *
   * @throws IllegalArgumentException if the key is empty or longer than {@link
   *     Limits#MAX_KEY_BYTES}
   */
  public Key key(byte[] bytes) {
    if (bytes.length == 0 || bytes.length > Limits.MAX_KEY_BYTES) {
      throw new IllegalArgumentException(
          "key of " + bytes.length + " bytes: a key has 1 to " + Limits.MAX_KEY_BYTES + " bytes");
    }
    long hash = sipHash24(k0, k1, bytes);
    // 0 marks an empty place in tables of fingerprints.
    return new Key(bytes, Slots.of(bytes), hash == 0 ? 1 : hash);
  }

  static long sipHash24(long k0, long k1, byte[] in) {
    long v0 = k0 ^ 0x736f6d6570736575L;
    long v1 = k1 ^ 0x646f72616e646f6dL;
    long v2 = k0 ^ 0x6c7967656e657261L;
    long v3 = k1 ^ 0x7465646279746573L;
    int whole = in.length & ~7;
    long last = (long) in.length << 56;
    for (int i = in.length - 1; i >= whole; i--) {
      last |= (in[i] & 0xffL) << ((i - whole) * 8);
    }
    for (int at = 0; at <= whole + 16; at += 8) {
      // The message, then the last word with the length, then finalisation: four rounds, two at a
      // time and with nothing mixed in, so that the compiler unrolls the one loop there is.
      long word = at < whole ? (long) LONG.get(in, at) : at == whole ? last : 0;
      if (at == whole + 8) {
        v2 ^= 0xff;
      }
      v3 ^= word;
      for (int round = 0; round < 2; round++) {
        v0 += v1;
        v1 = Long.rotateLeft(v1, 13) ^ v0;
        v0 = Long.rotateLeft(v0, 32);
        v2 += v3;
        v3 = Long.rotateLeft(v3, 16) ^ v2;
        v0 += v3;
        v3 = Long.rotateLeft(v3, 21) ^ v0;
        v2 += v1;
        v1 = Long.rotateLeft(v1, 17) ^ v2;
        v2 = Long.rotateLeft(v2, 32);
      }
      v0 ^= word;
    }
    return v0 ^ v1 ^ v2 ^ v3;
  }
}
