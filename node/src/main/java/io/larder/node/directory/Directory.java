package io.larder.node.directory;

import io.larder.node.block.KeyRef;
import io.larder.node.block.RecordRef;
import io.larder.node.block.SlotSummary;
import io.larder.node.directory.KeyLeases.KeyLease;
import io.larder.node.service.LeaseAnswer;
import io.larder.node.service.Member;
import io.larder.protocol.PutToken;
import io.larder.protocol.Slots;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The slot owner's arbiter: for each slot whose put-lease this node holds, which node holds each
 * key and who may write it. Soft state, rebuilt by announces at every claim.
 *
 * <p>The rules it keeps: at most one accepted holder per key; a grant only while the fence is open
 * and every live node has announced, or had its time to; a lease ends by commit, abort, deadline or
 * its writer's end; changes to an entry compare holder and stamp.
 *
 * <p>Thread-safe: one monitor per slot, held for table operations only; waiters are called after it
 * is released. The rules themselves are in {@code SlotArbiter}, {@code KeyLeases} and {@code
 * Copies}. Methods that are called for every record of a slot take slot and fingerprint, so that no
 * object per record is made.
 */
public final class Directory {
  private static final Lookup UNKNOWN = new Lookup.Unknown();
  private static final Lookup ABSENT = new Lookup.Absent();
  private static final String NOT_HERE = "this node does not hold the slot's put-lease";

  private final OwnerContext context;
  private final AtomicReferenceArray<SlotArbiter> arbiters =
      new AtomicReferenceArray<>(Slots.COUNT);

  /**
   * @param members who is live
   * @param voided values that are deleted although their holders have not heard of it
   * @param nanoClock monotonic, for lease deadlines
   * @param logicalClockMs for expiries of entries
   * @param fence whether this node may grant, commit and delete now
   * @param rules which records and messages count
   */
  public Directory(
      MemberTable members,
      VoidedPuts voided,
      LongSupplier nanoClock,
      LongSupplier logicalClockMs,
      BooleanSupplier fence,
      Rules rules,
      Deadlines deadlines) {
    this.context =
        new OwnerContext(members, voided, nanoClock, logicalClockMs, fence, rules, deadlines);
  }

  // ---- access to a slot ----

  /** Acts in a slot under its monitor, then calls the waiters whose wait has ended by that. */
  private <T extends @Nullable Object> T in(int slot, T notHere, Function<SlotArbiter, T> act) {
    SlotArbiter arbiter = arbiters.get(slot);
    return arbiter == null ? notHere : in(arbiter, act);
  }

  private static <T extends @Nullable Object> T in(
      SlotArbiter arbiter, Function<SlotArbiter, T> act) {
    T result;
    List<Runnable> wakes;
    synchronized (arbiter) {
      result = act.apply(arbiter);
      wakes = arbiter.leases.takeWakes();
    }
    wakes.forEach(Runnable::run);
    return result;
  }

  private static void run(@Nullable SlotArbiter arbiter, Consumer<SlotArbiter> act) {
    if (arbiter != null) {
      in(
          arbiter,
          known -> {
            act.accept(known);
            return true;
          });
    }
  }

  /** As above, if the slot still is held under that epoch. */
  private void under(int slot, long epoch, Consumer<SlotArbiter> act) {
    SlotArbiter arbiter = arbiters.get(slot);
    if (arbiter != null && arbiter.epoch == epoch) {
      run(arbiter, act);
    }
  }

  // ---- ownership ----

  /** Starts a new epoch of a slot, empty and syncing; the state of an older claim is forgotten. */
  public void claim(int slot, long epoch) {
    replace(slot, new SlotArbiter(slot, epoch, context));
  }

  /** Ends this node's authority over a slot: nothing is granted under its epoch afterwards. */
  public void release(int slot) {
    if (arbiters.get(slot) != null) {
      replace(slot, null);
    }
  }

  private void replace(int slot, @Nullable SlotArbiter next) {
    run(arbiters.getAndSet(slot, next), SlotArbiter::release);
  }

  /** Opens a slot for puts: every live node has announced. Ignored for another epoch. */
  public void ready(int slot, long epoch) {
    under(slot, epoch, SlotArbiter::ready);
  }

  /** The epoch under which this node arbitrates a slot, or 0. */
  public long epoch(int slot) {
    SlotArbiter arbiter = arbiters.get(slot);
    return arbiter == null ? 0 : arbiter.epoch;
  }

  /** Whether this node may act as the owner of a slot, under that epoch, at this moment. */
  public boolean mayAct(int slot, long epoch) {
    return epoch(slot) == epoch && context.mayAct();
  }

  /** The next number for a question or an order under an epoch of this node's. */
  public Order order(long epoch) {
    return new Order(epoch, context.sequence.incrementAndGet());
  }

  // ---- put-leases of keys ----

  /**
   * Asks for the right to write a key. Asking again with the same number repeats the grant.
   *
   * @param request the writer's own number of this request, never used for another
   * @param waiter queued when the key is held, and answered later; null not to wait
   * @return {@link LeaseAnswer.Held} with a waiter means that the waiter was queued
   */
  public LeaseAnswer lease(
      KeyRef key, Member writer, long request, long leaseMs, @Nullable Waiter waiter) {
    return in(
        key.slot(),
        new LeaseAnswer.TryAgain(NOT_HERE),
        arbiter -> arbiter.lease(key.fingerprint(), writer, request, leaseMs, waiter));
  }

  /** Gives a lease back unwritten; the next waiter gets it. False if the token holds none. */
  public boolean abort(KeyRef key, PutToken token) {
    return in(key.slot(), false, arbiter -> arbiter.abort(key.fingerprint(), token));
  }

  /**
   * Withdraws a request whose caller has gone: it leaves the queue without an answer, and its
   * grant, if there is one, is given back.
   */
  public boolean withdraw(KeyRef key, Member writer, long request) {
    return in(key.slot(), false, arbiter -> arbiter.withdraw(key.fingerprint(), writer, request));
  }

  /** The open lease's token, if there is one. */
  public @Nullable PutToken openToken(KeyRef key) {
    return this.<@Nullable PutToken>in(
        key.slot(),
        null,
        arbiter -> {
          KeyLease lease = arbiter.leases.open(key.fingerprint());
          return lease == null ? null : lease.token;
        });
  }

  /**
   * Settles a durable record as the key's one copy, or refuses it. A token whose lease has ended,
   * or one of an older epoch, is a claim: accepted if nobody else holds or is writing the key.
   * Repeating a commit repeats its answer.
   */
  public CommitDecision commit(
      KeyRef key, PutToken token, Member holder, long stamp, long expiresAtMs) {
    return in(
        key.slot(),
        new CommitDecision.TryAgain(NOT_HERE),
        arbiter -> arbiter.commit(key.fingerprint(), token, holder, stamp, expiresAtMs));
  }

  /**
   * Ends a put that its writer has given up although its record may have been committed: its lease
   * ends, its entry is removed, and its token is refused from now on.
   *
   * @param stamp of the record, 0 if there is none yet
   * @return whether this node owns the slot
   */
  public boolean revoke(KeyRef key, PutToken token, Member holder, long stamp) {
    return in(
        key.slot(),
        false,
        arbiter -> {
          arbiter.revoke(key.fingerprint(), token, holder, stamp);
          return true;
        });
  }

  // ---- several copies of a key ----

  /**
   * A node is about to copy a record by a move: allowed while the entry is that record. From then
   * on nothing is deleted until the copy is settled, or the node says that no copy is arriving: a
   * copy that is not settled when its node crashes is there when the node is back.
   */
  public CommitDecision arrive(KeyRef key, Member from, long fromStamp, Member to) {
    return in(
        key.slot(),
        new CommitDecision.TryAgain(NOT_HERE),
        arbiter -> arbiter.arrive(key.fingerprint(), from, fromStamp, to));
  }

  /** A node announces that a copy of a key is arriving there. */
  public void announcedArrival(int slot, long epoch, long fingerprint, Member to) {
    under(slot, epoch, arbiter -> arbiter.copies.arriving(fingerprint, to));
  }

  /** The live nodes at which a copy of the key is arriving, each with the number of its note. */
  public Map<Member, Long> arrivingTo(KeyRef key) {
    return in(key.slot(), Map.of(), arbiter -> arbiter.copies.arrivingTo(key.fingerprint()));
  }

  /** No copy is arriving at that node any more, unless it has said so again since. */
  public void arrived(KeyRef key, long epoch, Member to, long number) {
    under(key.slot(), epoch, arbiter -> arbiter.copies.arrived(key.fingerprint(), to, number));
  }

  /**
   * A move's commit: names another holder, if the entry still is that record of the old one.
   * Readers are sent to the old copy until {@link #confirmed}, since the new one is published only
   * after this answer. Repeating it repeats the answer.
   */
  public CommitDecision transfer(
      KeyRef key, Member from, long fromStamp, Member to, long toStamp, long expiresAtMs) {
    return in(
        key.slot(),
        new CommitDecision.TryAgain(NOT_HERE),
        arbiter -> arbiter.transfer(key.fingerprint(), from, fromStamp, to, toStamp, expiresAtMs));
  }

  /**
   * Begins to settle which copy is dropped when a node says that it has one: at most one settlement
   * per key at a time, and no delete meanwhile. {@link #endSettlement} ends it.
   *
   * @return the entry, whose holder has to confirm; null when there is no other copy known, when
   *     another settlement is in progress, or when this node may not act as owner now
   */
  public Lookup.@Nullable Found beginSettlement(KeyRef key, Lookup.Found second) {
    return this.<Lookup.@Nullable Found>in(
        key.slot(),
        null,
        arbiter ->
            arbiter.isReleased() || !context.mayAct()
                ? null
                : arbiter.copies.beginSettlement(key.fingerprint(), second));
  }

  /** The entry's holder has its copy: readers go there from now on. */
  public void confirmed(KeyRef key, long epoch) {
    under(key.slot(), epoch, arbiter -> arbiter.copies.confirmed(key.fingerprint()));
  }

  /**
   * Ends a settlement.
   *
   * @param over whether that copy no longer exists; else it stays known, to be settled again
   */
  public void endSettlement(KeyRef key, long epoch, Lookup.Found second, boolean over) {
    under(
        key.slot(),
        epoch,
        arbiter -> arbiter.copies.endSettlement(key.fingerprint(), second, over));
  }

  // ---- where keys are ----

  /** Where a key is stored, as far as this owner knows. */
  public Lookup lookup(KeyRef key) {
    return in(
        key.slot(),
        UNKNOWN,
        arbiter -> {
          Lookup.Found found = arbiter.copies.readable(key.fingerprint());
          return found != null ? found : arbiter.isReady() ? ABSENT : UNKNOWN;
        });
  }

  /**
   * A node announces that it holds a durable record. The record wins against a mere lease: the
   * lease ends and its waiters are answered that the key exists.
   */
  public AnnounceOutcome announced(
      int slot, long epoch, long fingerprint, Member holder, long stamp, long expiresAtMs) {
    return in(
        slot,
        AnnounceOutcome.SETTLED,
        arbiter ->
            arbiter.epoch == epoch
                ? arbiter.announced(fingerprint, holder, stamp, expiresAtMs)
                : AnnounceOutcome.SETTLED);
  }

  /** A node announces that it is writing a key, or may, under a token of an earlier epoch. */
  public void announcedPut(
      int slot, long epoch, long fingerprint, Member writer, PutToken token, long remainingMs) {
    under(slot, epoch, arbiter -> arbiter.announcedPut(fingerprint, writer, token, remainingMs));
  }

  /** Removes an entry if it still is that record of that holder. */
  public boolean forget(KeyRef key, Member holder, long stamp) {
    return in(
        key.slot(), false, arbiter -> arbiter.copies.forget(key.fingerprint(), holder, stamp));
  }

  /**
   * Marks a stored key as being deleted: from now on nobody is granted it.
   *
   * @param only the one record that is meant; null for any
   * @return the entry, {@link Lookup.Absent} when there is nothing to delete, or {@link
   *     Lookup.Unknown} when the owner cannot decide now
   */
  public Lookup beginDelete(KeyRef key, Lookup.@Nullable Found only) {
    return in(
        key.slot(),
        UNKNOWN,
        arbiter ->
            arbiter.availability().isOpen()
                ? arbiter.copies.beginDelete(key.fingerprint(), only)
                : UNKNOWN);
  }

  /** Nothing is decided about a key until a holder has answered whether its record is void. */
  public void doubt(KeyRef key, long epoch) {
    under(key.slot(), epoch, arbiter -> arbiter.copies.doubt(key.fingerprint()));
  }

  /** Ends one {@link #doubt}. */
  public void endDoubt(KeyRef key, long epoch) {
    under(key.slot(), epoch, arbiter -> arbiter.copies.endDoubt(key.fingerprint()));
  }

  /**
   * Whether a value of the key that is unavailable now may appear again: a node that is away held
   * it, or a put of it was given up or its writer cannot be reached.
   *
   * @param only the one record that is meant; null for any value
   * @param isReachable whether a member can be reached
   */
  public boolean mayReturn(KeyRef key, Lookup.@Nullable Found only, Predicate<Member> isReachable) {
    return in(
        key.slot(), false, arbiter -> arbiter.mayReturn(key.fingerprint(), only, isReachable));
  }

  /** A token above all that were granted so far in a slot under an epoch of this node's. */
  public PutToken latestToken(long epoch) {
    return new PutToken(epoch, context.sequence.incrementAndGet());
  }

  /** Ends what {@link #beginDelete} began, and forgets the entry if its tombstone is durable. */
  public void endDelete(KeyRef key, Lookup.Found entry, boolean tombstoneDurable) {
    run(
        arbiters.get(key.slot()),
        arbiter -> {
          arbiter.copies.endDelete(key.fingerprint());
          if (tombstoneDurable) {
            arbiter.copies.forget(key.fingerprint(), entry.holder(), entry.stamp());
          }
        });
  }

  /** Count and XOR of the fingerprints that a slot's entries ascribe to a node. */
  public SlotSummary summary(int slot, Member holder) {
    return in(slot, SlotSummary.EMPTY, arbiter -> arbiter.copies.summaryOf(holder));
  }

  /** The entries of a slot that name a node. */
  public List<RecordRef> recordsOf(int slot, Member holder) {
    return in(slot, List.of(), arbiter -> arbiter.recordsOf(holder));
  }

  // ---- time ----

  /** Ends leases and waits that are over; to be called about every 50 ms. */
  public void tick() {
    context.leasing.forEach(slot -> {
      context.leasing.remove(slot); // first, so that a later addition is visited the next time
      run(
          arbiters.get(slot),
          arbiter -> {
            arbiter.leases.tick(arbiter::availability);
            if (arbiter.leases.size() > 0) {
              context.leasing.add(slot);
            }
          });
    });
  }

  /** Entries and open leases of all slots held here, for metrics. */
  public Counts counts() {
    int slots = 0;
    long entries = 0;
    long openLeases = 0;
    for (int slot = 0; slot < Slots.COUNT; slot++) {
      SlotArbiter arbiter = arbiters.get(slot);
      if (arbiter != null) {
        synchronized (arbiter) {
          slots++;
          entries += arbiter.copies.size();
          openLeases += arbiter.leases.size();
        }
      }
    }
    return new Counts(
        slots,
        entries,
        openLeases,
        context.grants.get(),
        context.waits.get(),
        context.expiries.get());
  }

  /** Figures for metrics; the last three only grow. */
  public record Counts(
      int slots, long entries, long openLeases, long grants, long waits, long expiries) {}
}
