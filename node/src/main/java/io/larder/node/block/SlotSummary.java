package io.larder.node.block;

/**
 * The keys of one slot in short, for comparing two views of it.
 *
 * @param count the number of keys
 * @param xor the XOR of their fingerprints
 */
public record SlotSummary(long count, long xor) {
  public static final SlotSummary EMPTY = new SlotSummary(0, 0);
}
