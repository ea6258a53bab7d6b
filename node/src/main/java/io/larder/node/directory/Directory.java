package io.larder.node.directory;

import io.larder.node.directory.SlotArbiter.KeyLease;
import io.larder.node.directory.SlotArbiter.SecondCopy;
import io.larder.protocol.PutToken;
import io.larder.protocol.Slots;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The slot owner's arbiter: for each slot whose put-lease this node holds, which node holds each
 * key and who may write it. Soft state, rebuilt by announces at every claim.
 *
 * <p>The rules it keeps: at most one accepted holder a key; a grant only while the fence is open
 * and every live node has announced; a lease ends by commit, abort, deadline or its writer's end;
 * changes to an entry compare holder and stamp.
 *
 * <p>Thread-safe: one monitor per slot, held for table operations only; waiters are told after it
 * is given back.
 */
public final class Directory {
  /** Open put-leases per slot; a bound against a client that leases without end. */
  static final int MAX_LEASES_PER_SLOT = 16_384;

  /** A second copy is remembered this long at most; a node that still has it announces it anew. */
  static final long SECOND_COPY_MS = 60_000;

  /** A move's source asks by itself for the end of its copy; if it has not by then, others may. */
  static final long MOVER_SETTLES_MS = 5_000;

  /** Waiters for one key. */
  static final int MAX_WAITERS_PER_KEY = 1024;

  private static final LeaseAnswer HELD = new LeaseAnswer.Held();
  private static final Lookup ABSENT = new Lookup.Absent();
  private static final Lookup UNKNOWN = new Lookup.Unknown();

  private final MemberTable members;
  private final LongSupplier nanoClock;
  private final LongSupplier logicalClockMs;
  private final BooleanSupplier fence;
  private final AtomicReferenceArray<SlotArbiter> arbiters =
      new AtomicReferenceArray<>(Slots.COUNT);
  private final SlotSet leasing = new SlotSet();
  private final AtomicLong sequence = new AtomicLong();
  private final AtomicLong grants = new AtomicLong();
  private final AtomicLong waits = new AtomicLong();
  private final AtomicLong expiries = new AtomicLong();

  /**
   * @param members who is live
   * @param nanoClock monotonic, for lease deadlines
   * @param logicalClockMs for expiries of entries
   * @param fence whether this node may grant, commit and delete now
   */
  public Directory(
      MemberTable members,
      LongSupplier nanoClock,
      LongSupplier logicalClockMs,
      BooleanSupplier fence) {
    this.members = members;
    this.nanoClock = nanoClock;
    this.logicalClockMs = logicalClockMs;
    this.fence = fence;
  }

  // ---- ownership ----

  /** Starts a new epoch of a slot, empty and syncing; what an older claim knew is forgotten. */
  public void claim(int slot, long epoch) {
    SlotArbiter old = arbiters.getAndSet(slot, new SlotArbiter(slot, epoch));
    if (old != null) {
      end(old);
    }
  }

  /** Ends this node's authority over a slot: nothing is granted under its epoch afterwards. */
  public void release(int slot) {
    SlotArbiter old = arbiters.getAndSet(slot, null);
    if (old != null) {
      end(old);
    }
  }

  /** Opens a slot for puts: every live node has announced. Ignored for another epoch. */
  public void ready(int slot, long epoch) {
    SlotArbiter arbiter = arbiters.get(slot);
    if (arbiter != null && arbiter.epoch == epoch) {
      synchronized (arbiter) {
        arbiter.state = SlotArbiter.State.READY;
      }
    }
  }

  /** The epoch under which this node arbitrates a slot, or 0. */
  public long epoch(int slot) {
    SlotArbiter arbiter = arbiters.get(slot);
    return arbiter == null ? 0 : arbiter.epoch;
  }

  /** The next number for a question or an order under an epoch of this node's. */
  public Order order(long epoch) {
    return new Order(epoch, sequence.incrementAndGet());
  }

  private void end(SlotArbiter arbiter) {
    List<Runnable> after = new ArrayList<>();
    synchronized (arbiter) {
      arbiter.released = true;
      for (KeyLease lease : arbiter.leases.values()) {
        answerAll(lease.waiters, new LeaseAnswer.TryAgain("the slot changes its owner"), after);
      }
      arbiter.leases.clear();
    }
    after.forEach(Runnable::run);
  }

  // ---- put-leases of keys ----

  /**
   * Asks for the right to write a key. Asking again with the same number repeats the grant.
   *
   * @param request the writer's own number of this request, never used for another
   * @param waiter queued when the key is held, to be answered later; null not to wait
   * @return {@link LeaseAnswer.Held} with a waiter means that it was queued
   */
  public LeaseAnswer lease(
      int slot,
      long fingerprint,
      Member writer,
      long request,
      long leaseMs,
      @Nullable Waiter waiter) {
    SlotArbiter arbiter = arbiters.get(slot);
    if (arbiter == null) {
      return tryAgain("this node does not hold the slot's put-lease");
    }
    List<Runnable> after = new ArrayList<>(0);
    LeaseAnswer answer;
    synchronized (arbiter) {
      answer = lease(arbiter, fingerprint, writer, request, leaseMs, waiter, after);
    }
    after.forEach(Runnable::run);
    return answer;
  }

  private LeaseAnswer lease(
      SlotArbiter arbiter,
      long fingerprint,
      Member writer,
      long request,
      long leaseMs,
      @Nullable Waiter waiter,
      List<Runnable> after) {
    String closed = closed(arbiter);
    if (closed != null) {
      return tryAgain(closed);
    }
    int place = livePlace(arbiter, fingerprint);
    if (place >= 0) {
      return new LeaseAnswer.Exists(members.member(arbiter.entries.holder(place)));
    }
    if (arbiter.deleting.contains(fingerprint)) {
      return tryAgain("the key is being deleted");
    }
    KeyLease lease = arbiter.leases.get(fingerprint);
    if (lease != null && isOver(lease)) {
      pass(arbiter, fingerprint, lease, after);
      lease = arbiter.leases.get(fingerprint);
    }
    if (lease != null) {
      if (lease.request == request && lease.writer.equals(writer)) {
        return new LeaseAnswer.Granted(lease.token); // the first answer was lost
      }
      if (waiter == null) {
        return HELD;
      }
      if (lease.waiters.size() >= MAX_WAITERS_PER_KEY) {
        return tryAgain("too many wait for this key");
      }
      lease.waiters.add(waiter);
      waits.incrementAndGet();
      return HELD;
    }
    if (!members.isLive(writer)) {
      return tryAgain("the writing node " + writer + " is not known here yet");
    }
    if (arbiter.leases.size() >= MAX_LEASES_PER_SLOT) {
      return tryAgain("too many open put-leases in this slot");
    }
    return new LeaseAnswer.Granted(grant(arbiter, fingerprint, writer, request, leaseMs).token);
  }

  /** Gives a lease back unwritten; the next waiter gets it. False if the token holds none. */
  public boolean abort(int slot, long fingerprint, PutToken token) {
    SlotArbiter arbiter = arbiters.get(slot);
    if (arbiter == null) {
      return false;
    }
    List<Runnable> after = new ArrayList<>(0);
    boolean aborted = false;
    synchronized (arbiter) {
      KeyLease lease = arbiter.leases.get(fingerprint);
      if (lease != null && lease.token.equals(token)) {
        pass(arbiter, fingerprint, lease, after);
        aborted = true;
      }
    }
    after.forEach(Runnable::run);
    return aborted;
  }

  /**
   * Withdraws a request whose caller has gone: it leaves the queue unanswered, and a grant it may
   * have got is given back.
   */
  public boolean withdraw(int slot, long fingerprint, Member writer, long request) {
    SlotArbiter arbiter = arbiters.get(slot);
    if (arbiter == null) {
      return false;
    }
    List<Runnable> after = new ArrayList<>(0);
    boolean found = false;
    synchronized (arbiter) {
      KeyLease lease = arbiter.leases.get(fingerprint);
      if (lease != null) {
        found = lease.waiters.removeIf(w -> w.request() == request && w.writer().equals(writer));
        if (lease.request == request && lease.writer.equals(writer)) {
          pass(arbiter, fingerprint, lease, after);
          found = true;
        }
      }
    }
    after.forEach(Runnable::run);
    return found;
  }

  /**
   * Settles a durable record as the key's one copy, or refuses it. A token whose lease has ended,
   * or one of an older epoch, is a claim: accepted if nobody else holds or is writing the key.
   * Repeating a commit repeats its answer.
   */
  public CommitAnswer commit(
      int slot, long fingerprint, PutToken token, Member holder, long stamp, long expiresAtMs) {
    SlotArbiter arbiter = arbiters.get(slot);
    if (arbiter == null) {
      return new CommitAnswer.TryAgain("this node does not hold the slot's put-lease");
    }
    List<Runnable> after = new ArrayList<>(0);
    CommitAnswer answer;
    synchronized (arbiter) {
      answer = commit(arbiter, fingerprint, token, holder, stamp, expiresAtMs, after);
    }
    after.forEach(Runnable::run);
    return answer;
  }

  private CommitAnswer commit(
      SlotArbiter arbiter,
      long fingerprint,
      PutToken token,
      Member holder,
      long stamp,
      long expiresAtMs,
      List<Runnable> after) {
    String closed = closed(arbiter);
    if (closed != null) {
      return new CommitAnswer.TryAgain(closed);
    }
    if (!members.isLive(holder)) {
      return new CommitAnswer.TryAgain("the holder " + holder + " is not known here yet");
    }
    int place = livePlace(arbiter, fingerprint);
    if (place >= 0) {
      boolean same = isEntry(arbiter, place, holder, stamp);
      return same
          ? new CommitAnswer.Accepted(arbiter.epoch)
          : new CommitAnswer.Rejected(arbiter.epoch, true);
    }
    KeyLease lease = arbiter.leases.get(fingerprint);
    boolean mine = lease != null && lease.token.equals(token);
    boolean othersWrite = lease != null && !mine && !isOver(lease);
    if (othersWrite || arbiter.deleting.contains(fingerprint)) {
      return new CommitAnswer.Rejected(arbiter.epoch, false);
    }
    accept(arbiter, fingerprint, holder, stamp, expiresAtMs, after);
    return new CommitAnswer.Accepted(arbiter.epoch);
  }

  // ---- two copies of a key ----

  /**
   * A move's commit: names another holder, if the entry still is that record of the old one.
   * Readers are sent to the old copy until {@link #confirmed}, since the new one is published only
   * after this answer. Repeating it repeats the answer.
   */
  public CommitAnswer transfer(
      int slot,
      long fingerprint,
      Member from,
      long fromStamp,
      Member to,
      long toStamp,
      long expiresAtMs) {
    SlotArbiter arbiter = arbiters.get(slot);
    if (arbiter == null) {
      return new CommitAnswer.TryAgain("this node does not hold the slot's put-lease");
    }
    synchronized (arbiter) {
      String closed = closed(arbiter);
      if (closed != null) {
        return new CommitAnswer.TryAgain(closed);
      }
      if (!members.isLive(to)) {
        return new CommitAnswer.TryAgain("the holder " + to + " is not known here yet");
      }
      int place = livePlace(arbiter, fingerprint);
      if (place >= 0 && isEntry(arbiter, place, to, toStamp)) {
        return new CommitAnswer.Accepted(arbiter.epoch);
      }
      if (place < 0
          || !isEntry(arbiter, place, from, fromStamp)
          || arbiter.deleting.contains(fingerprint)) {
        return new CommitAnswer.Rejected(arbiter.epoch, place >= 0);
      }
      if (second(arbiter, fingerprint) != null) {
        return new CommitAnswer.TryAgain("it is being settled which copy of the key stays");
      }
      SecondCopy left = new SecondCopy(from, fromStamp, expiresAtMs, deadline(SECOND_COPY_MS));
      left.readHere = true;
      left.moverSettlesNanos = deadline(MOVER_SETTLES_MS);
      arbiter.seconds.put(fingerprint, left);
      arbiter.entries.put(fingerprint, toStamp, expiresAtMs, members.reference(to));
      return new CommitAnswer.Accepted(arbiter.epoch);
    }
  }

  /**
   * Begins to settle which copy goes when a node says that it has one: at most one settlement a key
   * at a time, and no delete meanwhile. End it by {@link #endSettlement}.
   *
   * @return the entry, whose holder is to confirm; null when there is no other copy known, or
   *     another settlement is in progress
   */
  public Lookup.@Nullable Found beginSettlement(
      int slot, long fingerprint, Member holder, long stamp, long expiresAtMs) {
    SlotArbiter arbiter = arbiters.get(slot);
    if (arbiter == null) {
      return null;
    }
    synchronized (arbiter) {
      int place = livePlace(arbiter, fingerprint);
      if (arbiter.released
          || place < 0
          || !members.isLive(holder) // it speaks of an incarnation that has ended
          || arbiter.entries.holder(place) == members.reference(holder)
          || arbiter.deleting.contains(fingerprint)) {
        return null;
      }
      SecondCopy known = second(arbiter, fingerprint);
      boolean same = known != null && known.is(holder, stamp);
      if (known != null && (known.settling || (!same && members.isLive(known.holder)))) {
        return null;
      }
      if (known == null || !same) {
        known = new SecondCopy(holder, stamp, expiresAtMs, deadline(SECOND_COPY_MS));
        arbiter.seconds.put(fingerprint, known);
      }
      known.settling = true;
      return found(arbiter, place);
    }
  }

  /** The entry's holder has its copy: readers go there from now on. */
  public void confirmed(int slot, long epoch, long fingerprint) {
    SlotArbiter arbiter = arbiters.get(slot);
    if (arbiter != null && arbiter.epoch == epoch) {
      synchronized (arbiter) {
        SecondCopy second = arbiter.seconds.get(fingerprint);
        if (second != null) {
          second.readHere = false;
        }
      }
    }
  }

  /**
   * Ends a settlement.
   *
   * @param over whether there is no second copy any more; else it stays known, to be settled again
   */
  public void endSettlement(int slot, long epoch, long fingerprint, boolean over) {
    SlotArbiter arbiter = arbiters.get(slot);
    if (arbiter != null && arbiter.epoch == epoch) {
      synchronized (arbiter) {
        SecondCopy second = arbiter.seconds.get(fingerprint);
        if (second != null && over) {
          arbiter.seconds.remove(fingerprint);
        } else if (second != null) {
          second.settling = false;
        }
      }
    }
  }

  // ---- what is where ----

  /** Where a key is stored, as far as this owner knows. */
  public Lookup lookup(int slot, long fingerprint) {
    SlotArbiter arbiter = arbiters.get(slot);
    if (arbiter == null) {
      return UNKNOWN;
    }
    synchronized (arbiter) {
      int place = livePlace(arbiter, fingerprint);
      if (place >= 0) {
        SecondCopy second = second(arbiter, fingerprint);
        return second != null && second.readHere && members.isLive(second.holder)
            ? new Lookup.Found(second.holder, second.stamp, second.expiresAtMs)
            : found(arbiter, place);
      }
      return arbiter.state == SlotArbiter.State.READY ? ABSENT : UNKNOWN;
    }
  }

  /** The open lease's token, if there is one. */
  public @Nullable PutToken openToken(int slot, long fingerprint) {
    SlotArbiter arbiter = arbiters.get(slot);
    if (arbiter == null) {
      return null;
    }
    synchronized (arbiter) {
      KeyLease lease = arbiter.leases.get(fingerprint);
      return lease == null || isOver(lease) ? null : lease.token;
    }
  }

  /**
   * Takes a node's word that it holds a durable record. Against a mere lease the record wins: the
   * lease ends and its waiters hear that the key exists.
   *
   * @return the entry, when it names another record: that of another live holder, and the
   *     announcer's copy is a duplicate, to be dropped once that holder has confirmed its own; or a
   *     record of the announcer itself, which may be newer than the announcement and stays unless
   *     the announcer denies it. Null when the record was taken
   */
  public Lookup.@Nullable Found announced(
      int slot, long epoch, long fingerprint, Member holder, long stamp, long expiresAtMs) {
    SlotArbiter arbiter = arbiters.get(slot);
    if (arbiter == null || arbiter.epoch != epoch) {
      return null;
    }
    List<Runnable> after = new ArrayList<>(0);
    try {
      synchronized (arbiter) {
        if (arbiter.released || !members.isLive(holder)) {
          return null;
        }
        int place = livePlace(arbiter, fingerprint);
        if (place >= 0 && arbiter.entries.holder(place) != members.reference(holder)) {
          SecondCopy second = second(arbiter, fingerprint);
          boolean moverSettles =
              second != null
                  && second.readHere
                  && members.isLive(second.holder)
                  && second.moverSettlesNanos - nanoClock.getAsLong() > 0;
          return moverSettles ? null : found(arbiter, place);
        }
        if (place >= 0 && arbiter.entries.stamp(place) != stamp) {
          return found(arbiter, place);
        }
        accept(arbiter, fingerprint, holder, stamp, expiresAtMs, after);
        return null;
      }
    } finally {
      after.forEach(Runnable::run);
    }
  }

  /** Takes a node's word that it is writing a key, or may, under a token of an earlier epoch. */
  public void announcedPut(
      int slot, long epoch, long fingerprint, Member writer, PutToken token, long remainingMs) {
    SlotArbiter arbiter = arbiters.get(slot);
    if (arbiter == null || arbiter.epoch != epoch || token.epoch() >= epoch) {
      return; // a put of this very epoch is known here already
    }
    synchronized (arbiter) {
      boolean free =
          !arbiter.released
              && members.isLive(writer)
              && livePlace(arbiter, fingerprint) < 0
              && !arbiter.leases.containsKey(fingerprint);
      if (free) {
        open(arbiter, fingerprint, new KeyLease(token, writer, 0, deadline(remainingMs)));
      }
    }
  }

  /** Removes an entry if it still is that record of that holder. */
  public boolean forget(int slot, long fingerprint, Member holder, long stamp) {
    SlotArbiter arbiter = arbiters.get(slot);
    if (arbiter == null) {
      return false;
    }
    synchronized (arbiter) {
      SecondCopy second = arbiter.seconds.get(fingerprint);
      if (second != null && second.is(holder, stamp)) {
        second.readHere = false; // it is gone: readers try the entry's
      }
      int place = arbiter.entries.find(fingerprint);
      if (place < 0 || !isEntry(arbiter, place, holder, stamp)) {
        return false;
      }
      arbiter.entries.remove(place);
      return true;
    }
  }

  /**
   * Marks a stored key as being deleted: from now on nobody is granted it.
   *
   * @return the entry, {@link Lookup.Absent} when there is nothing to delete, or {@link
   *     Lookup.Unknown} when the owner cannot decide now
   */
  public Lookup beginDelete(int slot, long fingerprint) {
    SlotArbiter arbiter = arbiters.get(slot);
    if (arbiter == null) {
      return UNKNOWN;
    }
    synchronized (arbiter) {
      if (closed(arbiter) != null
          || arbiter.deleting.contains(fingerprint)
          || second(arbiter, fingerprint) != null) {
        return UNKNOWN; // of two copies one could come back
      }
      int place = livePlace(arbiter, fingerprint);
      if (place < 0) {
        return ABSENT;
      }
      arbiter.deleting.add(fingerprint);
      return found(arbiter, place);
    }
  }

  /** Ends what {@link #beginDelete} began, forgetting the entry when its tombstone is durable. */
  public void endDelete(int slot, long fingerprint, Lookup.Found entry, boolean tombstoneDurable) {
    if (tombstoneDurable) {
      forget(slot, fingerprint, entry.holder(), entry.stamp());
    }
    SlotArbiter arbiter = arbiters.get(slot);
    if (arbiter != null) {
      synchronized (arbiter) {
        arbiter.deleting.remove(fingerprint);
      }
    }
  }

  /** Count and XOR of the fingerprints that a slot's entries ascribe to a node. */
  public Summary summary(int slot, Member holder) {
    SlotArbiter arbiter = arbiters.get(slot);
    if (arbiter == null) {
      return new Summary(0, 0);
    }
    long[] sum = new long[2];
    synchronized (arbiter) {
      int reference = members.reference(holder);
      arbiter.entries.forEach((fingerprint, place) -> {
        if (arbiter.entries.holder(place) == reference) {
          sum[0]++;
          sum[1] ^= fingerprint;
        }
      });
    }
    return new Summary(sum[0], sum[1]);
  }

  /** The entries of a slot that name a node: {fingerprint, stamp} pairs. */
  public List<long[]> entriesOf(int slot, Member holder) {
    List<long[]> found = new ArrayList<>();
    SlotArbiter arbiter = arbiters.get(slot);
    if (arbiter != null) {
      synchronized (arbiter) {
        int reference = members.reference(holder);
        arbiter.entries.forEach((fingerprint, place) -> {
          if (arbiter.entries.holder(place) == reference) {
            found.add(new long[] {fingerprint, arbiter.entries.stamp(place)});
          }
        });
      }
    }
    return found;
  }

  /** How many fingerprints a node has in a slot, and their XOR. */
  public record Summary(long count, long xor) {}

  // ---- time ----

  /** Ends leases that are over and waits that are; to be called about every 50 ms. */
  public void tick() {
    long now = nanoClock.getAsLong();
    List<Runnable> after = new ArrayList<>();
    leasing.forEach(slot -> {
      leasing.remove(slot); // before the look: what is opened after it is seen by the next
      SlotArbiter arbiter = arbiters.get(slot);
      if (arbiter == null) {
        return;
      }
      synchronized (arbiter) {
        for (Long fingerprint : List.copyOf(arbiter.leases.keySet())) {
          KeyLease lease = arbiter.leases.get(fingerprint);
          if (lease != null) {
            dropLateWaiters(lease, now, after);
            if (isOver(lease)) {
              expiries.incrementAndGet();
              pass(arbiter, fingerprint, lease, after);
            }
          }
        }
        if (!arbiter.leases.isEmpty()) {
          leasing.add(slot);
        }
      }
    });
    after.forEach(Runnable::run);
  }

  /** Entries and open leases of all slots held here, for metrics. */
  public Counts counts() {
    long entries = 0;
    long leases = 0;
    int slots = 0;
    for (int slot = 0; slot < Slots.COUNT; slot++) {
      SlotArbiter arbiter = arbiters.get(slot);
      if (arbiter != null) {
        slots++;
        synchronized (arbiter) {
          entries += arbiter.entries.size();
          leases += arbiter.leases.size();
        }
      }
    }
    return new Counts(slots, entries, leases, grants.get(), waits.get(), expiries.get());
  }

  /** Figures for metrics; the last three only grow. */
  public record Counts(
      int slots, long entries, long openLeases, long grants, long waits, long expiries) {}

  // ---- within the slot's monitor ----

  /** Why the slot is not open for decisions, or null. */
  private @Nullable String closed(SlotArbiter arbiter) {
    if (arbiter.released) {
      return "the slot changes its owner";
    }
    if (!fence.getAsBoolean()) {
      return "the slot's owner has no proof of contact with ZooKeeper";
    }
    if (arbiter.state != SlotArbiter.State.READY) {
      return "the slot's owner is still hearing what the nodes hold";
    }
    return null;
  }

  /**
   * The place of the key's entry if its holder is live and it has not expired, else -1. When there
   * is none, a second copy that is known becomes the first.
   */
  private int livePlace(SlotArbiter arbiter, long fingerprint) {
    EntryTable entries = arbiter.entries;
    int place = entries.find(fingerprint);
    if (place < 0 || !members.isLive(entries.holder(place))) {
      SecondCopy second = second(arbiter, fingerprint);
      if (second == null || !members.isLive(second.holder)) {
        return -1;
      }
      arbiter.seconds.remove(fingerprint);
      int holder = members.reference(second.holder);
      entries.put(fingerprint, second.stamp, second.expiresAtMs, holder);
      place = entries.find(fingerprint);
    }
    long expiresAtMs = entries.expiresAtMs(place);
    boolean expired = expiresAtMs != EntryTable.NEVER && logicalClockMs.getAsLong() >= expiresAtMs;
    return expired ? -1 : place;
  }

  private Lookup.Found found(SlotArbiter arbiter, int place) {
    EntryTable entries = arbiter.entries;
    return new Lookup.Found(
        members.member(entries.holder(place)), entries.stamp(place), entries.expiresAtMs(place));
  }

  /** The key's second copy, if one is known and was not forgotten about. */
  private @Nullable SecondCopy second(SlotArbiter arbiter, long fingerprint) {
    SecondCopy second = arbiter.seconds.get(fingerprint);
    if (second != null && second.deadlineNanos - nanoClock.getAsLong() <= 0) {
      arbiter.seconds.remove(fingerprint);
      return null;
    }
    return second;
  }

  private boolean isEntry(SlotArbiter arbiter, int place, Member holder, long stamp) {
    return Rules.now.isSameStamp(arbiter.entries.stamp(place), stamp)
        && arbiter.entries.holder(place) == members.reference(holder);
  }

  private void accept(
      SlotArbiter arbiter,
      long fingerprint,
      Member holder,
      long stamp,
      long expiresAtMs,
      List<Runnable> after) {
    arbiter.entries.put(fingerprint, stamp, expiresAtMs, members.reference(holder));
    SecondCopy second = arbiter.seconds.get(fingerprint);
    if (second != null && second.is(holder, stamp)) {
      arbiter.seconds.remove(fingerprint); // it is the first now
    }
    KeyLease lease = arbiter.leases.remove(fingerprint);
    if (lease != null) {
      answerAll(lease.waiters, new LeaseAnswer.Exists(holder), after);
    }
  }

  private void open(SlotArbiter arbiter, long fingerprint, KeyLease lease) {
    arbiter.leases.put(fingerprint, lease);
    leasing.add(arbiter.slot);
  }

  private KeyLease grant(
      SlotArbiter arbiter, long fingerprint, Member writer, long request, long leaseMs) {
    PutToken token = new PutToken(arbiter.epoch, sequence.incrementAndGet());
    KeyLease lease = new KeyLease(token, writer, request, deadline(leaseMs));
    open(arbiter, fingerprint, lease);
    grants.incrementAndGet();
    return lease;
  }

  /** Ends a lease and grants the key to the first waiter that is still there. */
  private void pass(SlotArbiter arbiter, long fingerprint, KeyLease lease, List<Runnable> after) {
    arbiter.leases.remove(fingerprint);
    long now = nanoClock.getAsLong();
    String closed = closed(arbiter);
    if (closed != null) {
      answerAll(lease.waiters, tryAgain(closed), after);
      return;
    }
    for (Waiter next; (next = lease.waiters.poll()) != null; ) {
      Waiter waiter = next;
      if (waiter.deadlineNanos() - now > 0 && members.isLive(waiter.writer())) {
        KeyLease granted =
            grant(arbiter, fingerprint, waiter.writer(), waiter.request(), waiter.leaseMs());
        granted.waiters.addAll(lease.waiters);
        after.add(() -> waiter.answer().answered(new LeaseAnswer.Granted(granted.token)));
        return;
      }
      after.add(() -> waiter.answer().answered(HELD));
    }
  }

  private boolean isOver(KeyLease lease) {
    return lease.deadlineNanos - nanoClock.getAsLong() <= 0 || !members.isLive(lease.writer);
  }

  private long deadline(long ms) {
    return nanoClock.getAsLong() + ms * 1_000_000L;
  }

  private static void dropLateWaiters(KeyLease lease, long now, List<Runnable> after) {
    for (Iterator<Waiter> each = lease.waiters.iterator(); each.hasNext(); ) {
      Waiter waiter = each.next();
      if (waiter.deadlineNanos() - now <= 0) {
        each.remove();
        after.add(() -> waiter.answer().answered(HELD));
      }
    }
  }

  private static void answerAll(
      ArrayDeque<Waiter> waiters, LeaseAnswer answer, List<Runnable> after) {
    for (Waiter waiter : waiters) {
      after.add(() -> waiter.answer().answered(answer));
    }
    waiters.clear();
  }

  private static LeaseAnswer tryAgain(String reason) {
    return new LeaseAnswer.TryAgain(reason);
  }
}
