package io.larder.node.directory;

import io.larder.node.directory.KeyLeases.KeyLease;
import io.larder.protocol.PutToken;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One slot under one epoch at its owner: the rules by which keys are granted and records become
 * their keys' one copies. Guarded by its own monitor, which the {@link Directory} takes; what is to
 * happen without it is added to {@code after}.
 */
final class SlotArbiter {
  /** Transitions: SYNCING → READY when all live nodes have announced; any → RELEASED. */
  enum State {
    SYNCING,
    READY,
    RELEASED
  }

  /**
   * Given-up puts that are remembered; a commit of one beyond that is found when it is compared.
   */
  private static final int MAX_REVOKED = 256;

  final long epoch;
  final Copies copies;
  final KeyLeases leases;
  private final int slot;
  private final OwnerContext context;

  /** Puts that were given up after their commits may have been sent, and their keys; if any. */
  private @Nullable Map<PutToken, Long> revoked;

  private State state = State.SYNCING;

  SlotArbiter(int slot, long epoch, OwnerContext context) {
    this.slot = slot;
    this.epoch = epoch;
    this.context = context;
    this.copies = new Copies(context);
    this.leases = new KeyLeases(slot, epoch, context);
  }

  void ready() {
    if (state == State.SYNCING) {
      state = State.READY;
    }
  }

  boolean isReady() {
    return state == State.READY;
  }

  boolean isReleased() {
    return state == State.RELEASED;
  }

  void release(List<Runnable> after) {
    state = State.RELEASED;
    leases.endAll(new LeaseAnswer.TryAgain("the slot changes its owner"), after);
  }

  /** Why the slot is not open for decisions, or null. */
  @Nullable String closed() {
    if (isReleased()) {
      return "the slot changes its owner";
    }
    if (!context.mayAct()) {
      return "the slot's owner has no proof of contact with ZooKeeper";
    }
    if (!isReady()) {
      return "the slot's owner is still hearing what the nodes hold";
    }
    return null;
  }

  LeaseAnswer lease(
      long fingerprint,
      Member writer,
      long request,
      long leaseMs,
      @Nullable Waiter waiter,
      List<Runnable> after) {
    String closed = closed();
    if (closed != null) {
      return new LeaseAnswer.TryAgain(closed);
    }
    Lookup.Found entry = copies.entry(fingerprint);
    if (entry != null) {
      return new LeaseAnswer.Exists(entry.holder());
    }
    if (copies.isDeleting(fingerprint)) {
      return new LeaseAnswer.TryAgain("the key is being deleted");
    }
    if (copies.isDoubted(fingerprint)) {
      return new LeaseAnswer.TryAgain("a node is asked whether its record of the key is void");
    }
    KeyLease lease = leases.get(fingerprint);
    if (lease != null && leases.isOver(lease)) {
      leases.pass(fingerprint, lease, null, after);
      lease = leases.get(fingerprint);
    }
    if (lease != null) {
      if (lease.isOf(writer, request)) {
        return new LeaseAnswer.Granted(lease.token); // the first answer was lost
      }
      return waiter == null || leases.await(fingerprint, lease, waiter)
          ? new LeaseAnswer.Held()
          : new LeaseAnswer.TryAgain("too many wait for this key");
    }
    if (!context.members.isLive(writer)) {
      return new LeaseAnswer.TryAgain("the writing node " + writer + " is not known here yet");
    }
    if (leases.size() >= KeyLeases.MAX_LEASES) {
      return new LeaseAnswer.TryAgain("too many open put-leases in this slot");
    }
    return new LeaseAnswer.Granted(leases.grant(fingerprint, writer, request, leaseMs).token);
  }

  boolean abort(long fingerprint, PutToken token, List<Runnable> after) {
    KeyLease lease = leases.get(fingerprint);
    if (lease == null || !lease.token.equals(token)) {
      return false;
    }
    leases.pass(fingerprint, lease, closed(), after);
    return true;
  }

  boolean withdraw(long fingerprint, Member writer, long request, List<Runnable> after) {
    KeyLease lease = leases.get(fingerprint);
    if (lease == null) {
      return false;
    }
    boolean left = leases.leave(lease, writer, request);
    if (lease.isOf(writer, request)) {
      leases.pass(fingerprint, lease, closed(), after);
      return true;
    }
    return left;
  }

  /** Ends a put that its writer has given up, whether its commit has come or is still to come. */
  void revoke(long fingerprint, PutToken token, Member holder, long stamp, List<Runnable> after) {
    Map<PutToken, Long> known = revoked;
    if (known == null) {
      known = new LinkedHashMap<>();
      revoked = known;
    }
    known.put(token, fingerprint);
    if (known.size() > MAX_REVOKED) {
      known.remove(known.keySet().iterator().next());
    }
    boolean _ = abort(fingerprint, token, after);
    boolean _ = copies.forget(fingerprint, holder, stamp);
  }

  private boolean isRevoked(PutToken token) {
    return revoked != null && revoked.containsKey(token);
  }

  /** Whether a value of the key that is not to be had now, or that one, may turn up again. */
  boolean mayReturn(long fingerprint, Lookup.@Nullable Found only, Predicate<Member> isReachable) {
    KeyLease lease = leases.get(fingerprint);
    if (only != null) {
      return copies.isKnown(fingerprint, only);
    }
    return copies.isKnown(fingerprint, null)
        || (revoked != null && revoked.containsValue(fingerprint))
        || (lease != null && !isReachable.test(lease.writer));
  }

  CommitAnswer commit(
      long fingerprint,
      PutToken token,
      Member holder,
      long stamp,
      long expiresAtMs,
      List<Runnable> after) {
    CommitAnswer refusal = refusal(holder);
    if (refusal != null) {
      return refusal;
    }
    Lookup.Found entry = copies.entry(fingerprint);
    if (entry != null) {
      return copies.isEntry(entry, holder, stamp)
          ? new CommitAnswer.Accepted(epoch)
          : new CommitAnswer.Rejected(epoch, true);
    }
    if (isRevoked(token) || context.voided.isVoid(slot, fingerprint, token)) {
      return new CommitAnswer.Rejected(epoch, false);
    }
    if (copies.isDoubted(fingerprint)) {
      return new CommitAnswer.TryAgain("a node is asked whether its record of the key is void");
    }
    KeyLease open = leases.open(fingerprint);
    boolean othersWrite = open != null && !open.token.equals(token);
    if (othersWrite || copies.isDeleting(fingerprint)) {
      return new CommitAnswer.Rejected(epoch, false);
    }
    accept(fingerprint, holder, stamp, expiresAtMs, after);
    return new CommitAnswer.Accepted(epoch);
  }

  CommitAnswer arrive(long fingerprint, Member from, long fromStamp, Member to) {
    CommitAnswer refusal = refusal(to);
    return refusal != null ? refusal : copies.arrive(epoch, fingerprint, from, fromStamp, to);
  }

  CommitAnswer transfer(
      long fingerprint, Member from, long fromStamp, Member to, long toStamp, long expiresAtMs) {
    CommitAnswer refusal = refusal(to);
    return refusal != null
        ? refusal
        : copies.transfer(epoch, fingerprint, from, fromStamp, to, toStamp, expiresAtMs);
  }

  private @Nullable CommitAnswer refusal(Member holder) {
    String closed = closed();
    if (closed != null) {
      return new CommitAnswer.TryAgain(closed);
    }
    return context.members.isLive(holder)
        ? null
        : new CommitAnswer.TryAgain("the holder " + holder + " is not known here yet");
  }

  private void accept(
      long fingerprint, Member holder, long stamp, long expiresAtMs, List<Runnable> after) {
    copies.accept(fingerprint, holder, stamp, expiresAtMs);
    leases.end(fingerprint, new LeaseAnswer.Exists(holder), after);
  }

  /** A node's word that it holds a durable record, against which a mere lease does not stand. */
  Lookup.@Nullable Found announced(
      long fingerprint, Member holder, long stamp, long expiresAtMs, List<Runnable> after) {
    if (isReleased() || !context.members.isLive(holder)) {
      return null;
    }
    Lookup.Found other = copies.announced(fingerprint, holder, stamp, expiresAtMs);
    if (other == null) {
      leases.end(fingerprint, new LeaseAnswer.Exists(holder), after);
    }
    return other;
  }

  void announcedPut(long fingerprint, Member writer, PutToken token, long remainingMs) {
    boolean free =
        token.epoch() < epoch // else it is known here already
            && !context.voided.isVoid(slot, fingerprint, token)
            && !isReleased()
            && context.members.isLive(writer)
            && copies.entry(fingerprint) == null
            && leases.get(fingerprint) == null;
    if (free) {
      leases.adopt(fingerprint, token, writer, remainingMs);
    }
  }
}
