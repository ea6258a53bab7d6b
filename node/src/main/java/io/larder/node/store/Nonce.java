package io.larder.node.store;

import java.security.SecureRandom;

/**
 * 128 random bits that tell this writing of a segment, or this mount, from every other. They never
 * leave the node, so no value can contain the image of a record that would be believed.
 */
record Nonce(long high, long low) {
  static final Nonce NONE = new Nonce(0, 0);
  private static final SecureRandom RANDOM = new SecureRandom();

  static Nonce random() {
    return new Nonce(RANDOM.nextLong(), RANDOM.nextLong());
  }

  /** Whether something found in a segment is of the writing that the segment is in. */
  static boolean isSameWriting(int generation, Nonce nonce, int expected, Nonce expectedNonce) {
    return generation == expected && nonce.equals(expectedNonce);
  }

  @Override
  public String toString() {
    return "secret";
  }
}
