package io.larder.node.store;

/** Visits the entries of one slot. */
@FunctionalInterface
public interface EntryVisitor {
  /**
   * Visits one entry.
   *
   * @param fingerprint the key's
   * @param stamp where its record is
   * @param expiresAtMs logical time, {@link io.larder.node.block.Block#NEVER} if never
   */
  void visit(long fingerprint, long stamp, long expiresAtMs);
}
