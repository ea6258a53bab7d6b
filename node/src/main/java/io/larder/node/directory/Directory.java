package io.larder.node.directory;

import io.larder.node.directory.KeyLeases.KeyLease;
import io.larder.protocol.PutToken;
import io.larder.protocol.Slots;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.BiFunction;
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
 * <p>The rules it keeps: at most one accepted holder a key; a grant only while the fence is open
 * and every live node has announced, or had its time to; a lease ends by commit, abort, deadline or
 * its writer's end; changes to an entry compare holder and stamp.
 *
 * <p>Thread-safe: one monitor per slot, held for table operations only; waiters are told after it
 * is given back. The rules themselves are in {@code SlotArbiter}, {@code KeyLeases} and {@code
 * Copies}.
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
   * @param voided which values are deleted though their holders have not heard of it
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
      Rules rules) {
    this.context = new OwnerContext(members, voided, nanoClock, logicalClockMs, fence, rules);
  }

  // ---- the way to a slot ----

  /** Acts in a slot, in its monitor, and after that does what the act has left to do. */
  private <T extends @Nullable Object> T in(
      int slot, T notHere, BiFunction<SlotArbiter, List<Runnable>, T> act) {
    SlotArbiter arbiter = arbiters.get(slot);
    return arbiter == null ? notHere : in(arbiter, act);
  }

  private static <T extends @Nullable Object> T in(
      SlotArbiter arbiter, BiFunction<SlotArbiter, List<Runnable>, T> act) {
    List<Runnable> after = new ArrayList<>(0);
    T result;
    synchronized (arbiter) {
      result = act.apply(arbiter, after);
    }
    after.forEach(Runnable::run);
    return result;
  }

  /** As above, for acts that leave nothing to do. */
  private <T extends @Nullable Object> T look(int slot, T notHere, Function<SlotArbiter, T> act) {
    SlotArbiter arbiter = arbiters.get(slot);
    if (arbiter == null) {
      return notHere;
    }
    synchronized (arbiter) {
      return act.apply(arbiter);
    }
  }

  /** As above, if the slot is held under that epoch still. */
  private void under(int slot, long epoch, Consumer<SlotArbiter> act) {
    SlotArbiter arbiter = arbiters.get(slot);
    if (arbiter != null && arbiter.epoch == epoch) {
      synchronized (arbiter) {
        act.accept(arbiter);
      }
    }
  }

  // ---- ownership ----

  /** Starts a new epoch of a slot, empty and syncing; what an older claim knew is forgotten. */
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
    SlotArbiter old = arbiters.getAndSet(slot, next);
    if (old != null) {
      var _ =
          in(
              old,
              (arbiter, after) -> {
                arbiter.release(after);
                return true;
              });
    }
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

  /** Whether this node may act as the owner of a slot, under that epoch, in this very moment. */
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
    return in(
        slot,
        new LeaseAnswer.TryAgain(NOT_HERE),
        (arbiter, after) -> arbiter.lease(fingerprint, writer, request, leaseMs, waiter, after));
  }

  /** Gives a lease back unwritten; the next waiter gets it. False if the token holds none. */
  public boolean abort(int slot, long fingerprint, PutToken token) {
    return in(slot, false, (arbiter, after) -> arbiter.abort(fingerprint, token, after));
  }

  /**
   * Withdraws a request whose caller has gone: it leaves the queue unanswered, and a grant it may
   * have got is given back.
   */
  public boolean withdraw(int slot, long fingerprint, Member writer, long request) {
    return in(
        slot, false, (arbiter, after) -> arbiter.withdraw(fingerprint, writer, request, after));
  }

  /** The open lease's token, if there is one. */
  public @Nullable PutToken openToken(int slot, long fingerprint) {
    return this.<@Nullable PutToken>look(
        slot,
        null,
        arbiter -> {
          KeyLease lease = arbiter.leases.open(fingerprint);
          return lease == null ? null : lease.token;
        });
  }

  /**
   * Settles a durable record as the key's one copy, or refuses it. A token whose lease has ended,
   * or one of an older epoch, is a claim: accepted if nobody else holds or is writing the key.
   * Repeating a commit repeats its answer.
   */
  public CommitAnswer commit(
      int slot, long fingerprint, PutToken token, Member holder, long stamp, long expiresAtMs) {
    return in(
        slot,
        new CommitAnswer.TryAgain(NOT_HERE),
        (arbiter, after) -> arbiter.commit(fingerprint, token, holder, stamp, expiresAtMs, after));
  }

  /**
   * Ends a put whose writer has given it up though its record may have been committed: its lease
   * ends, its entry goes, and its token is refused from now on.
   *
   * @param stamp of the record, 0 if there is none yet
   * @return whether this node owns the slot
   */
  public boolean revoke(int slot, long fingerprint, PutToken token, Member holder, long stamp) {
    return in(
        slot,
        false,
        (arbiter, after) -> {
          arbiter.revoke(fingerprint, token, holder, stamp, after);
          return true;
        });
  }

  // ---- several copies of a key ----

  /**
   * A node is about to copy a record by a move: allowed while the entry is that record. From then
   * on until the copy is settled, or the node says that it has none on its way, nothing is deleted:
   * a copy that is not settled when its node crashes is there when the node is back.
   */
  public CommitAnswer arrive(int slot, long fingerprint, Member from, long fromStamp, Member to) {
    return look(
        slot,
        new CommitAnswer.TryAgain(NOT_HERE),
        arbiter -> arbiter.arrive(fingerprint, from, fromStamp, to));
  }

  /** Takes a node's word that a copy of a key is on its way to it. */
  public void announcedArrival(int slot, long epoch, long fingerprint, Member to) {
    under(slot, epoch, arbiter -> arbiter.copies.arriving(fingerprint, to));
  }

  /** The live nodes that a copy of the key is on its way to, each with the number of its note. */
  public Map<Member, Long> arrivingTo(int slot, long fingerprint) {
    return look(slot, Map.of(), arbiter -> arbiter.copies.arrivingTo(fingerprint));
  }

  /** That node has no copy on its way any more, unless it has said so again since. */
  public void arrived(int slot, long epoch, long fingerprint, Member to, long number) {
    under(slot, epoch, arbiter -> arbiter.copies.arrived(fingerprint, to, number));
  }

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
    return look(
        slot,
        new CommitAnswer.TryAgain(NOT_HERE),
        arbiter -> arbiter.transfer(fingerprint, from, fromStamp, to, toStamp, expiresAtMs));
  }

  /**
   * Begins to settle which copy goes when a node says that it has one: at most one settlement a key
   * at a time, and no delete meanwhile. End it by {@link #endSettlement}.
   *
   * @return the entry, whose holder is to confirm; null when there is no other copy known, when
   *     another settlement is in progress, or when this node may not act as owner now
   */
  public Lookup.@Nullable Found beginSettlement(
      int slot, long fingerprint, Member holder, long stamp, long expiresAtMs) {
    return this.<Lookup.@Nullable Found>look(
        slot,
        null,
        arbiter ->
            arbiter.isReleased() || !context.mayAct()
                ? null
                : arbiter.copies.beginSettlement(fingerprint, holder, stamp, expiresAtMs));
  }

  /** The entry's holder has its copy: readers go there from now on. */
  public void confirmed(int slot, long epoch, long fingerprint) {
    under(slot, epoch, arbiter -> arbiter.copies.confirmed(fingerprint));
  }

  /**
   * Ends a settlement.
   *
   * @param over whether that copy is no more; else it stays known, to be settled again
   */
  public void endSettlement(
      int slot, long epoch, long fingerprint, Member holder, long stamp, boolean over) {
    under(slot, epoch, arbiter -> arbiter.copies.endSettlement(fingerprint, holder, stamp, over));
  }

  // ---- what is where ----

  /** Where a key is stored, as far as this owner knows. */
  public Lookup lookup(int slot, long fingerprint) {
    return look(
        slot,
        UNKNOWN,
        arbiter -> {
          Lookup.Found found = arbiter.copies.readable(fingerprint);
          return found != null ? found : arbiter.isReady() ? ABSENT : UNKNOWN;
        });
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
    return this.<Lookup.@Nullable Found>in(
        slot,
        null,
        (arbiter, after) ->
            arbiter.epoch == epoch
                ? arbiter.announced(fingerprint, holder, stamp, expiresAtMs, after)
                : null);
  }

  /** Takes a node's word that it is writing a key, or may, under a token of an earlier epoch. */
  public void announcedPut(
      int slot, long epoch, long fingerprint, Member writer, PutToken token, long remainingMs) {
    under(slot, epoch, arbiter -> arbiter.announcedPut(fingerprint, writer, token, remainingMs));
  }

  /** Removes an entry if it still is that record of that holder. */
  public boolean forget(int slot, long fingerprint, Member holder, long stamp) {
    return look(slot, false, arbiter -> arbiter.copies.forget(fingerprint, holder, stamp));
  }

  /**
   * Marks a stored key as being deleted: from now on nobody is granted it.
   *
   * @param only the one record that is meant; null for whatever is there
   * @return the entry, {@link Lookup.Absent} when there is nothing to delete, or {@link
   *     Lookup.Unknown} when the owner cannot decide now
   */
  public Lookup beginDelete(int slot, long fingerprint, Lookup.@Nullable Found only) {
    return look(
        slot,
        UNKNOWN,
        arbiter ->
            arbiter.closed() != null ? UNKNOWN : arbiter.copies.beginDelete(fingerprint, only));
  }

  /** Nothing is decided about a key while it is asked whether a record of it is void. */
  public void doubt(int slot, long epoch, long fingerprint) {
    under(slot, epoch, arbiter -> arbiter.copies.doubt(fingerprint));
  }

  /** Ends what {@link #doubt} began. */
  public void endDoubt(int slot, long epoch, long fingerprint) {
    under(slot, epoch, arbiter -> arbiter.copies.endDoubt(fingerprint));
  }

  /**
   * Whether a value of the key that is not to be had now may turn up again: a node that is away
   * held it, or a put of it was given up or cannot be heard of.
   *
   * @param only the one record that is meant; null for any value
   * @param isReachable whether a member can be reached
   */
  public boolean mayReturn(
      int slot, long fingerprint, Lookup.@Nullable Found only, Predicate<Member> isReachable) {
    return look(slot, false, arbiter -> arbiter.mayReturn(fingerprint, only, isReachable));
  }

  /** A token above all that were granted so far in a slot under an epoch of this node's. */
  public PutToken latestToken(long epoch) {
    return new PutToken(epoch, context.sequence.incrementAndGet());
  }

  /** Ends what {@link #beginDelete} began, forgetting the entry when its tombstone is durable. */
  public void endDelete(int slot, long fingerprint, Lookup.Found entry, boolean tombstoneDurable) {
    var _ =
        look(
            slot,
            false,
            arbiter -> {
              arbiter.copies.endDelete(fingerprint);
              return tombstoneDurable
                  && arbiter.copies.forget(fingerprint, entry.holder(), entry.stamp());
            });
  }

  /** Count and XOR of the fingerprints that a slot's entries ascribe to a node. */
  public Summary summary(int slot, Member holder) {
    long[] sum = new long[2];
    forEachOf(
        slot,
        holder,
        (fingerprint, _) -> {
          sum[0]++;
          sum[1] ^= fingerprint;
        });
    return new Summary(sum[0], sum[1]);
  }

  /** The entries of a slot that name a node: {fingerprint, stamp} pairs. */
  public List<long[]> entriesOf(int slot, Member holder) {
    List<long[]> found = new ArrayList<>();
    forEachOf(slot, holder, (fingerprint, stamp) -> found.add(new long[] {fingerprint, stamp}));
    return found;
  }

  private void forEachOf(int slot, Member holder, Copies.EntryVisitor visitor) {
    var _ =
        look(
            slot,
            false,
            arbiter -> {
              arbiter.copies.forEachOf(holder, visitor);
              return true;
            });
  }

  /** How many fingerprints a node has in a slot, and their XOR. */
  public record Summary(long count, long xor) {}

  // ---- time ----

  /** Ends leases that are over and waits that are; to be called about every 50 ms. */
  public void tick() {
    context.leasing.forEach(slot -> {
      context.leasing.remove(slot); // before the look: what is opened after it is seen by the next
      var _ =
          in(
              slot,
              false,
              (arbiter, after) -> {
                arbiter.leases.tick(arbiter::closed, after);
                if (arbiter.leases.size() > 0) {
                  context.leasing.add(slot);
                }
                return true;
              });
    });
  }

  /** Entries and open leases of all slots held here, for metrics. */
  public Counts counts() {
    long[] sums = new long[3];
    for (int slot = 0; slot < Slots.COUNT; slot++) {
      var _ =
          look(
              slot,
              false,
              arbiter -> {
                sums[0]++;
                sums[1] += arbiter.copies.size();
                sums[2] += arbiter.leases.size();
                return true;
              });
    }
    return new Counts(
        (int) sums[0],
        sums[1],
        sums[2],
        context.grants.get(),
        context.waits.get(),
        context.expiries.get());
  }

  /** Figures for metrics; the last three only grow. */
  public record Counts(
      int slots, long entries, long openLeases, long grants, long waits, long expiries) {}
}
