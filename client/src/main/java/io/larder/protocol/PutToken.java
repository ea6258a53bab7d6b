package io.larder.protocol;

/**
 * The fencing token of one put: the epoch of the slot's claim and a sequence number within it. It
 * is also the id of the value that the put stores. Written {@code <epoch>-<sequence>} in
 * hexadecimal.
 *
 * @param epoch the zxid of the claim under which the put-lease was granted
 * @param sequence the number of the grant within that epoch at that owner, from 1
 */
public record PutToken(long epoch, long sequence) implements Comparable<PutToken> {

  /**
   * Parses {@link #toString()}'s form.
   *
   * @throws IllegalArgumentException if the text is not of that form
   */
  public static PutToken parse(String text) {
    int dash = text.indexOf('-');
    if (dash <= 0) {
      throw new IllegalArgumentException(
          "'" + text + "' is not a put token: expected <epoch>-<sequence> in hexadecimal");
    }
    try {
      return new PutToken(
          Long.parseUnsignedLong(text.substring(0, dash), 16),
          Long.parseUnsignedLong(text.substring(dash + 1), 16));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "'" + text + "' is not a put token: expected <epoch>-<sequence> in hexadecimal", e);
    }
  }

  /** Orders by claim, then by grant. */
  @Override
  public int compareTo(PutToken other) {
    int byEpoch = Long.compareUnsigned(epoch, other.epoch);
    return byEpoch != 0 ? byEpoch : Long.compareUnsigned(sequence, other.sequence);
  }

  @Override
  public String toString() {
    return Long.toHexString(epoch) + "-" + Long.toHexString(sequence);
  }
}
