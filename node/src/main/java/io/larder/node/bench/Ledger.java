package io.larder.node.bench;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Every put that was acknowledged as STORED, by block id, with the salt of its writer. What is in
 * here must be readable, with exactly that writer's bytes, until the end. Thread-safe.
 */
public final class Ledger {
  private final Map<Long, Integer> saltById = new ConcurrentHashMap<>();

  /**
   * Records an acknowledgement.
   *
   * @return false if the block had been acknowledged to another before: two puts of one key were
   *     both told STORED, which breaks the promise of one holder
   */
  public boolean acknowledged(long id, int salt) {
    return saltById.putIfAbsent(id, salt) == null;
  }

  /** The writer of a block, or 0 if no put of it was acknowledged. */
  public int saltOf(long id) {
    return saltById.getOrDefault(id, 0);
  }

  public int size() {
    return saltById.size();
  }

  /** The ids acknowledged so far, ascending. */
  public List<Long> ids() {
    return saltById.keySet().stream().sorted().toList();
  }
}
