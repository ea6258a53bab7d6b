package io.larder.node.store.format;

import java.security.SecureRandom;

/**
 * 128 random bits that tell one writing of a segment, or one mount, from every other. They never
 * leave the node, so no value can contain the image of a record that would be believed.
 */
public record Nonce(long high, long low) {
  public static final Nonce NONE = new Nonce(0, 0);
  private static final SecureRandom RANDOM = new SecureRandom();

  public static Nonce random() {
    return new Nonce(RANDOM.nextLong(), RANDOM.nextLong());
  }

  /** Whether something found in a segment belongs to the expected writing of that segment. */
  static boolean isSameWriting(int generation, Nonce nonce, int expected, Nonce expectedNonce) {
    return generation == expected && nonce.equals(expectedNonce);
  }

  @Override
  public String toString() {
    return "secret";
  }
}
