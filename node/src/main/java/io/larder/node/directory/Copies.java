package io.larder.node.directory;

import io.larder.node.block.SlotSummary;
import io.larder.node.service.Member;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where the records of one slot's keys are: one entry per key, which names the copy that counts,
 * and the extra copies that are known, which a move leaves behind or a returning node brings. Extra
 * copies are dropped one at a time, each only after the entry's holder has confirmed its own; when
 * the entry is removed or its holder is gone, one of them takes its place. Guarded by the slot's
 * monitor.
 */
final class Copies {
  /** One more copy of a key than its entry's. */
  private static final class ExtraCopy {
    final Lookup.Found record;
    final long deadlineNanos;

    /** Until then only the source of the move that left the copy behind asks for its settlement. */
    long moverDeadlineNanos;

    /** Whether readers are sent here, since the entry's own copy may not be readable yet. */
    boolean readHere;

    /** Whether a settlement that drops this copy is in progress. */
    boolean settling;

    ExtraCopy(Lookup.Found record, long deadlineNanos) {
      this.record = record;
      this.deadlineNanos = deadlineNanos;
    }
  }

  private final OwnerContext context;
  private final EntryTable entries = new EntryTable();
  private final Map<Long, List<ExtraCopy>> extras = new HashMap<>(2);
  private final Set<Long> deleting = new HashSet<>(2);

  /** For keys with announced records that may be void, the number of such records. */
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
    for (ExtraCopy extra : extras(fingerprint)) {
      Lookup.Found record = extra.record;
      int holder = context.members.reference(record.holder());
      if (counts(holder, record.expiresAtMs())) {
        remove(fingerprint, extra);
        entries.put(fingerprint, record.stamp(), record.expiresAtMs(), holder);
        return entries.find(fingerprint);
      }
    }
    return -1;
  }

  private boolean counts(int holder, long expiresAtMs) {
    return context.members.isLive(holder) && !context.isExpired(expiresAtMs);
  }

  /** Whether that is this record of this holder. */
  boolean isSame(Lookup.Found record, Member holder, long stamp) {
    return context.rules.isSameStamp(record.stamp(), stamp) && record.holder().equals(holder);
  }

  /** The copy to which readers are sent. */
  Lookup.@Nullable Found readable(long fingerprint) {
    Lookup.Found entry = entry(fingerprint);
    if (entry != null) {
      for (ExtraCopy extra : extras(fingerprint)) {
        if (extra.readHere && context.members.isLive(extra.record.holder())) {
          return extra.record;
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

  /** Removes an entry, or an extra copy, if it still is that record of that holder. */
  boolean forget(long fingerprint, Member holder, long stamp) {
    ExtraCopy extra = extra(fingerprint, holder, stamp);
    if (extra != null) {
      remove(fingerprint, extra);
      return true;
    }
    int place = entries.find(fingerprint);
    if (place < 0
        || !context.rules.isSameStamp(entries.stamp(place), stamp)
        || entries.holder(place) != context.members.reference(holder)) {
      return false;
    }
    entries.remove(place);
    return true;
  }

  // ---- extra copies ----

  /** The extra copies that are remembered; the list must not be kept. */
  private List<ExtraCopy> extras(long fingerprint) {
    List<ExtraCopy> known = extras.get(fingerprint);
    if (known == null) {
      return List.of();
    }
    for (Iterator<ExtraCopy> each = known.iterator(); each.hasNext(); ) {
      if (context.isPast(each.next().deadlineNanos)) {
        each.remove();
      }
    }
    if (known.isEmpty()) {
      extras.remove(fingerprint);
    }
    return known;
  }

  private @Nullable ExtraCopy extra(long fingerprint, Member holder, long stamp) {
    for (ExtraCopy extra : extras(fingerprint)) {
      if (isSame(extra.record, holder, stamp)) {
        return extra;
      }
    }
    return null;
  }

  private void remove(long fingerprint, ExtraCopy extra) {
    List<ExtraCopy> known = extras(fingerprint);
    known.remove(extra);
    if (known.isEmpty()) {
      extras.remove(fingerprint);
    }
  }

  /** Forgets extra copies of that node: of its incarnations only the last one counts. */
  private void removeOf(long fingerprint, Member holder) {
    List<ExtraCopy> known = extras.get(fingerprint);
    if (known != null) {
      known.removeIf(extra -> extra.record.holder().nodeId().equals(holder.nodeId()));
      if (known.isEmpty()) {
        extras.remove(fingerprint);
      }
    }
  }

  private ExtraCopy note(long fingerprint, Lookup.Found record) {
    ExtraCopy known = extra(fingerprint, record.holder(), record.stamp());
    if (known != null) {
      return known;
    }
    removeOf(fingerprint, record.holder());
    ExtraCopy noted = new ExtraCopy(record, context.deadline(context.deadlines.extraCopyMs()));
    extras.computeIfAbsent(fingerprint, _ -> new ArrayList<>(1)).add(noted);
    return noted;
  }

  /** Takes note of a record that a live node says it has. */
  AnnounceOutcome announced(long fingerprint, Member holder, long stamp, long expiresAtMs) {
    Lookup.Found entry = entry(fingerprint);
    if (entry != null && entry.holder().equals(holder) && entry.stamp() != stamp) {
      return new AnnounceOutcome.Conflict(entry);
    }
    if (entry == null || entry.holder().equals(holder)) {
      accept(fingerprint, holder, stamp, expiresAtMs);
      return AnnounceOutcome.SETTLED;
    }
    note(fingerprint, new Lookup.Found(holder, stamp, expiresAtMs));
    for (ExtraCopy extra : extras(fingerprint)) {
      boolean moverSettles =
          extra.readHere
              && context.members.isLive(extra.record.holder())
              && !context.isPast(extra.moverDeadlineNanos);
      if (moverSettles) {
        return AnnounceOutcome.SETTLED;
      }
    }
    return new AnnounceOutcome.Duplicate(entry);
  }

  /** Names another holder, if the entry still is that record of the old one. */
  CommitDecision transfer(
      long epoch,
      long fingerprint,
      Member from,
      long fromStamp,
      Member to,
      long toStamp,
      long expiresAtMs) {
    Lookup.Found entry = entry(fingerprint);
    if (entry != null && isSame(entry, to, toStamp)) {
      return new CommitDecision.Accepted(epoch);
    }
    CommitDecision refusal = moveRefusal(epoch, entry, fingerprint, from, fromStamp);
    if (refusal != null) {
      return refusal;
    }
    arrived(fingerprint, to);
    ExtraCopy left = note(fingerprint, new Lookup.Found(from, fromStamp, expiresAtMs));
    left.readHere = true;
    left.moverDeadlineNanos = context.deadline(context.deadlines.moverMs());
    entries.put(fingerprint, toStamp, expiresAtMs, context.members.reference(to));
    return new CommitDecision.Accepted(epoch);
  }

  private @Nullable CommitDecision moveRefusal(
      long epoch, Lookup.@Nullable Found entry, long fingerprint, Member from, long fromStamp) {
    if (entry == null || !isSame(entry, from, fromStamp) || isDeleting(fingerprint)) {
      return new CommitDecision.Rejected(epoch, entry != null);
    }
    return extras(fingerprint).isEmpty() && !isDoubted(fingerprint)
        ? null
        : new CommitDecision.TryAgain("a settlement decides which copy of the key stays");
  }

  // ---- arriving copies ----

  /** Takes note that a node is about to copy the entry's record, if the entry still is that. */
  CommitDecision arrive(long epoch, long fingerprint, Member from, long fromStamp, Member to) {
    CommitDecision refusal = moveRefusal(epoch, entry(fingerprint), fingerprint, from, fromStamp);
    if (refusal != null) {
      return refusal;
    }
    arriving(fingerprint, to);
    return new CommitDecision.Accepted(epoch);
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

  /** Forgets that a copy is arriving, however often that node has said so. */
  private void arrived(long fingerprint, Member to) {
    arriving.computeIfPresent(
        fingerprint,
        (_, of) -> {
          of.remove(to);
          return of.isEmpty() ? null : of;
        });
  }

  /**
   * Forgets that a copy is arriving.
   *
   * @param number of the note, so that a later one stays
   */
  void arrived(long fingerprint, Member to, long number) {
    arriving.computeIfPresent(
        fingerprint,
        (_, of) -> {
          of.remove(to, number);
          return of.isEmpty() ? null : of;
        });
  }

  /** The live nodes that may have an unsettled copy, each with its note's number. */
  Map<Member, Long> arrivingTo(long fingerprint) {
    Map<Member, Long> live = new HashMap<>(arriving.getOrDefault(fingerprint, Map.of()));
    live.keySet().removeIf(member -> !context.members.isLive(member));
    return live;
  }

  // ---- settlements ----

  /**
   * Begins a settlement that drops a copy: one settlement per key at a time.
   *
   * @return the entry, whose holder has to confirm; null when that copy must not be dropped now
   */
  Lookup.@Nullable Found beginSettlement(long fingerprint, Lookup.Found second) {
    Lookup.Found entry = entry(fingerprint);
    if (entry == null
        || !context.members.isLive(second.holder()) // the message of an incarnation that has ended
        || entry.holder().equals(second.holder())
        || isDeleting(fingerprint)) {
      return null;
    }
    ExtraCopy copy = note(fingerprint, second);
    for (ExtraCopy extra : extras(fingerprint)) {
      if (extra.settling) {
        return null;
      }
    }
    copy.settling = true;
    return entry;
  }

  /** The entry's holder has its copy: readers go there from now on. */
  void confirmed(long fingerprint) {
    extras(fingerprint).forEach(extra -> extra.readHere = false);
  }

  /**
   * Ends a settlement.
   *
   * @param over whether that copy no longer exists; else it stays known, to be settled again
   */
  void endSettlement(long fingerprint, Lookup.Found second, boolean over) {
    if (over) {
      forget(fingerprint, second.holder(), second.stamp()); // it may be the entry by now
      return;
    }
    for (ExtraCopy extra : extras(fingerprint)) {
      if (isSame(extra.record, second.holder(), second.stamp())) {
        extra.settling = false;
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

  /** Nothing is decided about the key until its holder has answered whether its record is void. */
  void doubt(long fingerprint) {
    doubted.merge(fingerprint, 1, Integer::sum);
  }

  /** Ends one doubt. */
  void endDoubt(long fingerprint) {
    doubted.computeIfPresent(fingerprint, (_, count) -> count == 1 ? null : count - 1);
  }

  /**
   * Whether there is an entry of the key, even if its holder is not live.
   *
   * @param only the one record that is meant; null for any
   */
  boolean isKnown(long fingerprint, Lookup.@Nullable Found only) {
    int place = entries.find(fingerprint);
    return only == null
        ? place >= 0 || extras.containsKey(fingerprint)
        : place >= 0 && isSameRecord(at(place), only);
  }

  /**
   * Marks the key as being deleted; returns the entry, absent, or unknown while nothing can be
   * decided.
   *
   * @param only the one record that is meant; null for any
   */
  Lookup beginDelete(long fingerprint, Lookup.@Nullable Found only) {
    if (isDeleting(fingerprint)
        || isDoubted(fingerprint)
        || !extras(fingerprint).isEmpty()
        || !arrivingTo(fingerprint).isEmpty()) {
      return new Lookup.Unknown(); // one of two copies could come back
    }
    Lookup.Found entry = entry(fingerprint);
    if (entry == null || (only != null && !isSameRecord(entry, only))) {
      return new Lookup.Absent();
    }
    deleting.add(fingerprint);
    return entry;
  }

  /** Whether both name one record of one device, whose node may have restarted in between. */
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

  /** Count and XOR of the fingerprints of the entries that name a holder. */
  SlotSummary summaryOf(Member holder) {
    return entries.summaryOf(context.members.reference(holder));
  }

  /** Receives a fingerprint and a stamp. */
  @FunctionalInterface
  interface EntryVisitor {
    void visit(long fingerprint, long stamp);
  }
}
