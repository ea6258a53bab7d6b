package io.larder.node.store.log;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What a store may answer after a crash, following from what had been asked of it and what it had
 * acknowledged: the oracle of the crash tests. A version is a number above 0; {@link #ABSENT} is
 * none. Not thread-safe.
 */
final class Ledger {
  static final int ABSENT = 0;

  /** Something that was asked or acknowledged. */
  sealed interface Note {
    record PutStarted(String key, int version) implements Note {}

    record PutAcknowledged(String key, int version) implements Note {}

    record DiscardAcknowledged(String key, int version) implements Note {}

    record DeleteStarted(String key) implements Note {}

    record DeleteAcknowledged(String key) implements Note {}

    record PinAcknowledged(String key) implements Note {}

    record UnpinStarted(String key) implements Note {}

    record Evicted(String key) implements Note {}

    record CheckpointWritten(long sequence) implements Note {}
  }

  private static final class Entry {
    final Set<Integer> allowed = new HashSet<>(Set.of(ABSENT));
    final Set<Integer> underWay = new HashSet<>();
    final Set<Integer> replaced = new HashSet<>();
    boolean pinned;
  }

  private final Map<String, Entry> entries = new TreeMap<>();
  private long checkpoint;

  void apply(Note note) {
    switch (note) {
      case Note.PutStarted put -> {
        entry(put.key()).underWay.add(put.version());
        entry(put.key()).pinned = false; // it may be found after a crash, and is not pinned
        entry(put.key()).allowed.add(put.version());
      }
      case Note.PutAcknowledged put -> {
        Entry entry = entry(put.key());
        entry.underWay.remove(put.version());
        entry.replaced.addAll(entry.allowed);
        entry.replaced.remove(ABSENT);
        only(entry, put.version());
        entry.pinned = false;
      }
      case Note.DiscardAcknowledged put -> {
        entry(put.key()).underWay.remove(put.version());
        entry(put.key()).allowed.remove(put.version());
        entry(put.key()).replaced.remove(put.version());
      }
      case Note.DeleteStarted delete -> {
        entry(delete.key()).allowed.add(ABSENT);
        entry(delete.key()).pinned = false;
      }
      case Note.DeleteAcknowledged delete -> {
        entry(delete.key()).replaced.clear();
        only(entry(delete.key()), ABSENT);
      }
      case Note.PinAcknowledged pin -> entry(pin.key()).pinned = true;
      case Note.UnpinStarted pin -> entry(pin.key()).pinned = false;
      case Note.Evicted evicted -> {
        Entry entry = entry(evicted.key());
        if (entry.pinned) {
          throw new AssertionError(evicted.key() + " was evicted though it is pinned");
        }
        entry.allowed.add(ABSENT);
        // An older record that was not yet overwritten is then the newest: old, but never wrong.
        entry.allowed.addAll(entry.replaced);
      }
      case Note.CheckpointWritten written -> checkpoint = written.sequence();
    }
  }

  /** Takes what was found after a crash for the truth from now on. */
  void found(String key, int version, boolean pinned) {
    Entry entry = entry(key);
    entry.underWay.clear();
    entry.replaced.addAll(entry.allowed);
    entry.replaced.remove(ABSENT);
    entry.replaced.remove(version);
    only(entry, version);
    entry.pinned = pinned;
  }

  /** Takes over what another ledger allows, and that the key is absent. */
  void maybe(String key, Set<Integer> allowed) {
    Entry entry = entry(key);
    entry.allowed.addAll(allowed);
    entry.allowed.add(ABSENT);
  }

  private static void only(Entry entry, int version) {
    entry.allowed.clear();
    entry.allowed.add(version);
    entry.allowed.addAll(entry.underWay);
  }

  Set<String> keys() {
    return entries.keySet();
  }

  Set<Integer> allowed(String key) {
    return entry(key).allowed;
  }

  /** Whether reclaim must carry the key on. */
  boolean isPinned(String key) {
    return entry(key).pinned;
  }

  /** The sequence of the last checkpoint that was finished, 0 if there was none. */
  long checkpoint() {
    return checkpoint;
  }

  Ledger copy() {
    Ledger copy = new Ledger();
    copy.checkpoint = checkpoint;
    Map<String, Entry> all = new HashMap<>(entries);
    all.forEach((key, entry) -> {
      Entry made = copy.entry(key);
      made.allowed.clear();
      made.allowed.addAll(entry.allowed);
      made.underWay.addAll(entry.underWay);
      made.replaced.addAll(entry.replaced);
      made.pinned = entry.pinned;
    });
    return copy;
  }

  private Entry entry(String key) {
    return entries.computeIfAbsent(key, k -> new Entry());
  }
}
