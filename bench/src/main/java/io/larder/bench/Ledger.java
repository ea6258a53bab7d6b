package io.larder.bench;

import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Every block that was put, with the salts of the writers that tried and of those that were
 * answered STORED. A stored block must be readable, with the bytes of one of these writers, until
 * the end. Thread-safe.
 */
public final class Ledger {
  private static final class Writers {
    private final BitSet tried = new BitSet();
    private final BitSet stored = new BitSet();
    private int first;
  }

  private final Map<Long, Writers> byId = new ConcurrentHashMap<>();
  private final Map<Long, Integer> firstById = new ConcurrentHashMap<>();

  /** Records that a writer is about to put the block: from now on a read may find its bytes. */
  public void tried(long id, int salt) {
    Writers writers = byId.computeIfAbsent(id, _ -> new Writers());
    synchronized (writers) {
      writers.tried.set(salt);
    }
  }

  /**
   * Records that a put was answered STORED.
   *
   * @return false if another writer's put was stored before
   */
  public boolean stored(long id, int salt) {
    Writers writers = byId.computeIfAbsent(id, _ -> new Writers());
    synchronized (writers) {
      writers.tried.set(salt);
      writers.stored.set(salt);
      if (writers.first == 0) {
        writers.first = salt;
        firstById.put(id, salt);
        return true;
      }
      return false;
    }
  }

  /** Whether that writer has put the block, or tried to. */
  public boolean hasTried(long id, int salt) {
    Writers writers = byId.get(id);
    if (writers == null || salt < 1) {
      return false;
    }
    synchronized (writers) {
      return writers.tried.get(salt);
    }
  }

  /** Whether only other writers were answered STORED. */
  public boolean isAnothers(long id, int salt) {
    Writers writers = byId.get(id);
    if (writers == null) {
      return false;
    }
    synchronized (writers) {
      return writers.first != 0 && !writers.stored.get(salt);
    }
  }

  /** The first writer that was answered STORED, or 0. */
  public int writerOf(long id) {
    return firstById.getOrDefault(id, 0);
  }

  /** The number of stored blocks. */
  public int size() {
    return firstById.size();
  }

  /** The blocks that are stored, ascending. */
  public List<Long> ids() {
    return firstById.keySet().stream().sorted().toList();
  }
}
