package io.larder.node.store;

/**
 * What a slot holds, in short, for comparing two views of it.
 *
 * @param count how many keys
 * @param xor the XOR of their fingerprints
 */
public record SlotSummary(int count, long xor) {
  public static final SlotSummary EMPTY = new SlotSummary(0, 0);
}
