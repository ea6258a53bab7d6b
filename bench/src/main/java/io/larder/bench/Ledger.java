package io.larder.bench;

import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Every block that was put, with the salts of those who tried and of those who were told that it is
 * stored. What is stored must be readable, with one of these writers' bytes, until the end.
 * Thread-safe.
 */
public final class Ledger {
  private static final class Writers {
    private final BitSet tried = new BitSet();
    private final BitSet stored = new BitSet();
    private int first;
  }

  private final Map<Long, Writers> byId = new ConcurrentHashMap<>();
  private final Map<Long, Integer> firstById = new ConcurrentHashMap<>();

  /** A writer is about to put the block: from now on a read may find its bytes. */
  public void tried(long id, int salt) {
    Writers writers = byId.computeIfAbsent(id, _ -> new Writers());
    synchronized (writers) {
      writers.tried.set(salt);
    }
  }

  /**
   * A put was answered STORED.
   *
   * @return false if another's had been before
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

  /** Whether another was told that the block is stored, and this writer was not. */
  public boolean isAnothers(long id, int salt) {
    Writers writers = byId.get(id);
    if (writers == null) {
      return false;
    }
    synchronized (writers) {
      return writers.first != 0 && !writers.stored.get(salt);
    }
  }

  /** The first that was told that the block is stored, or 0. */
  public int writerOf(long id) {
    return firstById.getOrDefault(id, 0);
  }

  /** How many blocks are stored. */
  public int size() {
    return firstById.size();
  }

  /** The blocks that are stored, ascending. */
  public List<Long> ids() {
    return firstById.keySet().stream().sorted().toList();
  }
}
