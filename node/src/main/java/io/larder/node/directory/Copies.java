package io.larder.node.directory;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where the records of one slot's keys are: an entry a key, the one copy that counts, and whatever
 * other copies are known, which a move leaves behind or a node brings back. Those are to be dropped
 * one at a time, each only after the entry's holder has confirmed its own; when the entry goes or
 * its holder does, one of them takes its place. Guarded by the slot's monitor.
 */
final class Copies {
  /** Another copy is remembered this long; a node that still has it announces it anew. */
  static final long OTHER_COPY_MS = 60_000;

  /** A move's source asks by itself for the end of its copy; if it has not by then, others may. */
  static final long MOVER_SETTLES_MS = 5_000;

  /** One more copy of a key than its entry's. */
  private static final class Other {
    final Member holder;
    final long stamp;
    final long expiresAtMs;
    final long deadlineNanos;

    /** Until when whoever left it behind by a move is expected to have it settled. */
    long moverSettlesNanos;

    /** Whether readers are sent here, since the entry's own copy may not be readable yet. */
    boolean readHere;

    /** Whether it is just being settled that it goes. */
    boolean settling;

    Other(Member holder, long stamp, long expiresAtMs, long deadlineNanos) {
      this.holder = holder;
      this.stamp = stamp;
      this.expiresAtMs = expiresAtMs;
      this.deadlineNanos = deadlineNanos;
    }
  }

  private final OwnerContext context;
  private final EntryTable entries = new EntryTable();
  private final Map<Long, List<Other>> others = new HashMap<>(2);
  private final Set<Long> deleting = new HashSet<>(2);

  /** Keys of which a record was announced that may be void, with how many such there are. */
  private final Map<Long, Integer> doubted = new HashMap<>(2);

  private final Map<Long, Map<Member, Long>> arriving = new HashMap<>(2);

  Copies(OwnerContext context) {
    this.context = context;
  }

  int size() {
    return entries.size();
  }

  // ---- the entry ----

  /** The key's entry if its holder is live and it has not expired, else null. */
  Lookup.@Nullable Found entry(long fingerprint) {
    int place = livePlace(fingerprint);
    return place < 0 ? null : at(place);
  }

  private Lookup.Found at(int place) {
    return new Lookup.Found(
        context.members.member(entries.holder(place)),
        entries.stamp(place),
        entries.expiresAtMs(place));
  }

  private int livePlace(long fingerprint) {
    int place = entries.find(fingerprint);
    if (place >= 0 && counts(entries.holder(place), entries.expiresAtMs(place))) {
      return place;
    }
    for (Other other : others(fingerprint)) {
      int holder = context.members.reference(other.holder);
      if (counts(holder, other.expiresAtMs)) {
        remove(fingerprint, other);
        entries.put(fingerprint, other.stamp, other.expiresAtMs, holder);
        return entries.find(fingerprint);
      }
    }
    return -1;
  }

  private boolean counts(int holder, long expiresAtMs) {
    return context.members.isLive(holder) && !context.isExpired(expiresAtMs);
  }

  private boolean isEntry(int place, Member holder, long stamp) {
    return context.rules.isSameStamp(entries.stamp(place), stamp)
        && entries.holder(place) == context.members.reference(holder);
  }

  /** Whether the entry is this record of this holder. */
  boolean isEntry(Lookup.Found entry, Member holder, long stamp) {
    return context.rules.isSameStamp(entry.stamp(), stamp) && entry.holder().equals(holder);
  }

  /** Where readers are sent. */
  Lookup.@Nullable Found readable(long fingerprint) {
    Lookup.Found entry = entry(fingerprint);
    if (entry != null) {
      for (Other other : others(fingerprint)) {
        if (other.readHere && context.members.isLive(other.holder)) {
          return new Lookup.Found(other.holder, other.stamp, other.expiresAtMs);
        }
      }
    }
    return entry;
  }

  /** Makes a record the key's entry. */
  void accept(long fingerprint, Member holder, long stamp, long expiresAtMs) {
    entries.put(fingerprint, stamp, expiresAtMs, context.members.reference(holder));
    removeOf(fingerprint, holder);
  }

  /** Removes an entry, or another copy, if it still is that record of that holder. */
  boolean forget(long fingerprint, Member holder, long stamp) {
    List<Other> known = others(fingerprint);
    for (Other other : known) {
      if (isSame(other, holder, stamp)) {
        remove(fingerprint, other);
        return true;
      }
    }
    int place = entries.find(fingerprint);
    if (place < 0 || !isEntry(place, holder, stamp)) {
      return false;
    }
    entries.remove(place);
    return true;
  }

  // ---- other copies ----

  /** The copies besides the entry's that are remembered; not to be kept. */
  private List<Other> others(long fingerprint) {
    List<Other> known = others.get(fingerprint);
    if (known == null) {
      return List.of();
    }
    for (Iterator<Other> each = known.iterator(); each.hasNext(); ) {
      if (context.isPast(each.next().deadlineNanos)) {
        each.remove();
      }
    }
    if (known.isEmpty()) {
      others.remove(fingerprint);
    }
    return known;
  }

  private void remove(long fingerprint, Other other) {
    List<Other> known = others(fingerprint);
    known.remove(other);
    if (known.isEmpty()) {
      others.remove(fingerprint);
    }
  }

  /** Forgets other copies of that node: of its incarnations only the last one counts. */
  private void removeOf(long fingerprint, Member holder) {
    List<Other> known = others.get(fingerprint);
    if (known != null) {
      known.removeIf(other -> other.holder.nodeId().equals(holder.nodeId()));
      if (known.isEmpty()) {
        others.remove(fingerprint);
      }
    }
  }

  private boolean isSame(Other other, Member holder, long stamp) {
    return other.holder.equals(holder) && context.rules.isSameStamp(other.stamp, stamp);
  }

  private Other note(long fingerprint, Member holder, long stamp, long expiresAtMs) {
    for (Other other : others(fingerprint)) {
      if (isSame(other, holder, stamp)) {
        return other;
      }
    }
    removeOf(fingerprint, holder);
    Other noted = new Other(holder, stamp, expiresAtMs, context.deadline(OTHER_COPY_MS));
    others.computeIfAbsent(fingerprint, _ -> new ArrayList<>(1)).add(noted);
    return noted;
  }

  /**
   * Takes note of a record that a live node says it has.
   *
   * @return the entry when it is another's and it is to be settled now which copy goes, or when it
   *     is another record of the same node, which may be newer than the announcement and stays
   *     unless that node denies it; null when the record is the entry now, or when a move's source
   *     will ask by itself
   */
  Lookup.@Nullable Found announced(long fingerprint, Member holder, long stamp, long expiresAtMs) {
    Lookup.Found entry = entry(fingerprint);
    if (entry != null && entry.holder().equals(holder) && entry.stamp() != stamp) {
      return entry;
    }
    if (entry == null || entry.holder().equals(holder)) {
      accept(fingerprint, holder, stamp, expiresAtMs);
      return null;
    }
    note(fingerprint, holder, stamp, expiresAtMs);
    for (Other other : others(fingerprint)) {
      boolean moverSettles =
          other.readHere
              && context.members.isLive(other.holder)
              && !context.isPast(other.moverSettlesNanos);
      if (moverSettles) {
        return null;
      }
    }
    return entry;
  }

  /** Names another holder, if the entry still is that record of the old one. */
  CommitAnswer transfer(
      long epoch,
      long fingerprint,
      Member from,
      long fromStamp,
      Member to,
      long toStamp,
      long expiresAtMs) {
    Lookup.Found entry = entry(fingerprint);
    if (entry != null && isEntry(entry, to, toStamp)) {
      return new CommitAnswer.Accepted(epoch);
    }
    CommitAnswer refusal = moveRefusal(epoch, entry, fingerprint, from, fromStamp);
    if (refusal != null) {
      return refusal;
    }
    arrived(fingerprint, to, NO_MATTER_WHICH);
    Other left = note(fingerprint, from, fromStamp, expiresAtMs);
    left.readHere = true;
    left.moverSettlesNanos = context.deadline(MOVER_SETTLES_MS);
    entries.put(fingerprint, toStamp, expiresAtMs, context.members.reference(to));
    return new CommitAnswer.Accepted(epoch);
  }

  private @Nullable CommitAnswer moveRefusal(
      long epoch, Lookup.@Nullable Found entry, long fingerprint, Member from, long fromStamp) {
    if (entry == null || !isEntry(entry, from, fromStamp) || isDeleting(fingerprint)) {
      return new CommitAnswer.Rejected(epoch, entry != null);
    }
    return others(fingerprint).isEmpty() && !isDoubted(fingerprint)
        ? null
        : new CommitAnswer.TryAgain("it is being settled which copy of the key stays");
  }

  // ---- copies on their way ----

  /** Of {@link #arrived}: however often that node has said that a copy is on its way. */
  static final long NO_MATTER_WHICH = -1;

  /** Takes note that a node is about to copy the entry's record, if the entry still is that. */
  CommitAnswer arrive(long epoch, long fingerprint, Member from, long fromStamp, Member to) {
    CommitAnswer refusal = moveRefusal(epoch, entry(fingerprint), fingerprint, from, fromStamp);
    if (refusal != null) {
      return refusal;
    }
    arriving(fingerprint, to);
    return new CommitAnswer.Accepted(epoch);
  }

  /** Takes note that a node may have an unsettled copy of the key, or be about to. */
  void arriving(long fingerprint, Member to) {
    arriving
        .values()
        .forEach(of -> of.keySet().removeIf(member -> !context.members.isLive(member)));
    arriving.values().removeIf(Map::isEmpty);
    arriving
        .computeIfAbsent(fingerprint, _ -> new HashMap<>(1))
        .put(to, context.sequence.incrementAndGet());
  }

  /**
   * Forgets that a copy is on its way.
   *
   * @param number of the note, so that a later one stays
   */
  void arrived(long fingerprint, Member to, long number) {
    Map<Member, Long> of = arriving.get(fingerprint);
    if (of != null) {
      if (number == NO_MATTER_WHICH) {
        of.remove(to);
      } else {
        of.remove(to, number);
      }
      if (of.isEmpty()) {
        arriving.remove(fingerprint);
      }
    }
  }

  /** The live nodes that may have an unsettled copy, each with its note's number. */
  Map<Member, Long> arrivingTo(long fingerprint) {
    Map<Member, Long> live = new HashMap<>(arriving.getOrDefault(fingerprint, Map.of()));
    live.keySet().removeIf(member -> !context.members.isLive(member));
    return live;
  }

  /**
   * Begins to settle that a copy goes: one settlement a key at a time.
   *
   * @return the entry, whose holder is to confirm; null when that copy is not to go now
   */
  Lookup.@Nullable Found beginSettlement(
      long fingerprint, Member holder, long stamp, long expiresAtMs) {
    Lookup.Found entry = entry(fingerprint);
    if (entry == null
        || !context.members.isLive(holder) // it speaks of an incarnation that has ended
        || entry.holder().equals(holder)
        || isDeleting(fingerprint)) {
      return null;
    }
    Other copy = note(fingerprint, holder, stamp, expiresAtMs);
    for (Other other : others(fingerprint)) {
      if (other.settling) {
        return null;
      }
    }
    copy.settling = true;
    return entry;
  }

  /** The entry's holder has its copy: readers go there from now on. */
  void confirmed(long fingerprint) {
    others(fingerprint).forEach(other -> other.readHere = false);
  }

  /**
   * Ends a settlement.
   *
   * @param over whether that copy is no more; else it stays known, to be settled again
   */
  void endSettlement(long fingerprint, Member holder, long stamp, boolean over) {
    if (over) {
      forget(fingerprint, holder, stamp); // it may have become the entry meanwhile
      return;
    }
    for (Other other : others(fingerprint)) {
      if (isSame(other, holder, stamp)) {
        other.settling = false;
      }
    }
  }

  // ---- deletes ----

  boolean isDeleting(long fingerprint) {
    return deleting.contains(fingerprint);
  }

  boolean isDoubted(long fingerprint) {
    return doubted.containsKey(fingerprint);
  }

  /**
   * A holder is asked whether its record is void; until it is known nothing is decided about the
   * key.
   */
  void doubt(long fingerprint) {
    doubted.merge(fingerprint, 1, Integer::sum);
  }

  /** It is known. */
  void endDoubt(long fingerprint) {
    doubted.computeIfPresent(fingerprint, (_, count) -> count == 1 ? null : count - 1);
  }

  /**
   * Whether there is an entry of the key, be its holder live or not.
   *
   * @param only the one record that is meant; null for any
   */
  boolean isKnown(long fingerprint, Lookup.@Nullable Found only) {
    int place = entries.find(fingerprint);
    return only == null
        ? place >= 0 || others.containsKey(fingerprint)
        : place >= 0 && isSameRecord(at(place), only);
  }

  /**
   * Marks the key as being deleted; the entry, absent, or unknown while it cannot be decided.
   *
   * @param only the one record that is meant; null for whatever is there
   */
  Lookup beginDelete(long fingerprint, Lookup.@Nullable Found only) {
    if (isDeleting(fingerprint)
        || isDoubted(fingerprint)
        || !others(fingerprint).isEmpty()
        || !arrivingTo(fingerprint).isEmpty()) {
      return new Lookup.Unknown(); // of two copies one could come back
    }
    Lookup.Found entry = entry(fingerprint);
    if (entry == null || (only != null && !isSameRecord(entry, only))) {
      return new Lookup.Absent();
    }
    deleting.add(fingerprint);
    return entry;
  }

  /** Whether two entries name one record of one device, which may have started anew meanwhile. */
  private boolean isSameRecord(Lookup.Found one, Lookup.Found other) {
    return one.holder().nodeId().equals(other.holder().nodeId())
        && context.rules.isSameStamp(one.stamp(), other.stamp());
  }

  void endDelete(long fingerprint) {
    deleting.remove(fingerprint);
  }

  // ---- listings ----

  /** Visits the entries that name a holder. */
  void forEachOf(Member holder, EntryVisitor visitor) {
    int reference = context.members.reference(holder);
    entries.forEach((fingerprint, place) -> {
      if (entries.holder(place) == reference) {
        visitor.visit(fingerprint, entries.stamp(place));
      }
    });
  }

  /** Sees a fingerprint and a stamp. */
  @FunctionalInterface
  interface EntryVisitor {
    void visit(long fingerprint, long stamp);
  }
}
