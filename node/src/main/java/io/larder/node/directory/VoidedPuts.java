package io.larder.node.directory;

import io.larder.node.block.KeyRef;
import io.larder.protocol.PutToken;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Notes of keys that were deleted while a node which may hold them was away: every value of such a
 * key whose token is not above the noted one is void, on whichever node it appears. An owner notes
 * a key when it deletes it, the other nodes when they hear of the delete; the next owner of a slot
 * hears of it from all of them.
 *
 * <p>Bounded: beyond the bound the oldest note is dropped, and its value may return with its node.
 * Lost with the process. Thread-safe.
 */
public final class VoidedPuts {
  /** Notes of one node. */
  public static final int MAX = 32_768;

  /** Every value of a key up to this token is void. */
  public record Voided(KeyRef key, PutToken upTo) {}

  private final Map<KeyRef, PutToken> notes = new LinkedHashMap<>();
  private volatile int size;
  private volatile long overflows;

  /** Adds a note; false if a note of the key already goes as far. */
  public synchronized boolean add(Voided voided) {
    KeyRef key = voided.key();
    PutToken known = notes.get(key);
    if (known != null && known.compareTo(voided.upTo()) >= 0) {
      return false;
    }
    notes.remove(key); // the newest is dropped last
    notes.put(key, voided.upTo());
    if (notes.size() > MAX) {
      Iterator<KeyRef> oldest = notes.keySet().iterator();
      oldest.next();
      oldest.remove();
      overflows++;
    }
    size = notes.size();
    return true;
  }

  /** The token up to which the values of a key are void; null if none are. */
  public @Nullable PutToken upTo(int slot, long fingerprint) {
    if (size == 0) {
      return null; // announces look up whole slots
    }
    synchronized (this) {
      return notes.get(new KeyRef(slot, fingerprint));
    }
  }

  boolean isVoid(int slot, long fingerprint, PutToken token) {
    PutToken upTo = upTo(slot, fingerprint);
    return upTo != null && token.compareTo(upTo) <= 0;
  }

  /** The notes, by slot. */
  public Map<Integer, List<Voided>> bySlot() {
    Map<Integer, List<Voided>> bySlot = new HashMap<>();
    if (size > 0) {
      synchronized (this) {
        notes.forEach((key, upTo) ->
            bySlot.computeIfAbsent(key.slot(), _ -> new ArrayList<>(1)).add(new Voided(key, upTo)));
      }
    }
    return bySlot;
  }

  /** The number of notes. */
  public int size() {
    return size;
  }

  /** How many notes were dropped because there were too many. */
  public long overflows() {
    return overflows;
  }
}
