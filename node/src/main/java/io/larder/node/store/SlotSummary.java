package io.larder.node.store;

/**
 * A digest of the keys of a slot, for comparing two views of it.
 *
 * @param count number of keys
 * @param xor the XOR of their fingerprints
 */
public record SlotSummary(int count, long xor) {
  public static final SlotSummary EMPTY = new SlotSummary(0, 0);
}
