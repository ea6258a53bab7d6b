package io.larder.node.directory;

import io.larder.protocol.PutToken;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Keys that were deleted while a node which may hold them was away: every value of such a key whose
 * token is not above the one noted here is void, wherever it turns up. Owners note a key when they
 * delete it, other nodes when they hear of that; a slot's next owner hears it from all of them.
 *
 * <p>Bounded: the oldest note goes when there are too many, and then its value may return with its
 * node. Lost with the process. Thread-safe.
 */
public final class VoidedPuts {
  /** Notes of one node. */
  public static final int MAX = 32_768;

  /** Every value of a key up to this token is void. */
  public record Voided(int slot, long fingerprint, PutToken upTo) {}

  private record Name(int slot, long fingerprint) {}

  private final Map<Name, PutToken> notes = new LinkedHashMap<>();
  private volatile int size;
  private volatile long overflows;

  /** Takes a note; false if a note of the key goes as far already. */
  public synchronized boolean add(Voided voided) {
    Name name = new Name(voided.slot(), voided.fingerprint());
    PutToken known = notes.get(name);
    if (known != null && known.compareTo(voided.upTo()) >= 0) {
      return false;
    }
    notes.remove(name); // the newest is the last to go
    notes.put(name, voided.upTo());
    if (notes.size() > MAX) {
      Iterator<Name> oldest = notes.keySet().iterator();
      oldest.next();
      oldest.remove();
      overflows++;
    }
    size = notes.size();
    return true;
  }

  /** Up to which token the values of a key are void; null if none are. */
  public @Nullable PutToken upTo(int slot, long fingerprint) {
    if (size == 0) {
      return null;
    }
    synchronized (this) {
      return notes.get(new Name(slot, fingerprint));
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
        notes.forEach((name, upTo) ->
            bySlot
                .computeIfAbsent(name.slot(), _ -> new ArrayList<>(1))
                .add(new Voided(name.slot(), name.fingerprint(), upTo)));
      }
    }
    return bySlot;
  }

  /** How many notes there are. */
  public int size() {
    return size;
  }

  /** How many notes had to go because there were too many. */
  public long overflows() {
    return overflows;
  }
}
