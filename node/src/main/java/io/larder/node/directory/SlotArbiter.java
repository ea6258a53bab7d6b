package io.larder.node.directory;

import io.larder.node.block.KeyRef;
import io.larder.node.block.RecordRef;
import io.larder.node.directory.KeyLeases.KeyLease;
import io.larder.node.service.LeaseAnswer;
import io.larder.node.service.Member;
import io.larder.protocol.PutToken;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One slot under one epoch at its owner: the rules by which keys are granted and records become
 * their keys' one copies. Guarded by its own monitor, which the {@link Directory} takes; the calls
 * to waiters that follow from an act are collected in {@link #leases}.
 */
final class SlotArbiter {
  /** Transitions: SYNCING → READY when all live nodes have announced; any → RELEASED. */
  enum State {
    SYNCING,
    READY,
    RELEASED
  }

  /** Revoked puts that are remembered; the commit of an older one is found by anti-entropy. */
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

  void release() {
    state = State.RELEASED;
    leases.endAll(new LeaseAnswer.TryAgain(SlotAvailability.RELEASED.reason()));
  }

  SlotAvailability availability() {
    if (isReleased()) {
      return SlotAvailability.RELEASED;
    }
    if (!context.mayAct()) {
      return SlotAvailability.FENCED;
    }
    return isReady() ? SlotAvailability.OPEN : SlotAvailability.SYNCING;
  }

  LeaseAnswer lease(
      long fingerprint, Member writer, long request, long leaseMs, @Nullable Waiter waiter) {
    SlotAvailability availability = availability();
    if (!availability.isOpen()) {
      return new LeaseAnswer.TryAgain(availability.reason());
    }
    Lookup.Found entry = copies.entry(fingerprint);
    if (entry != null) {
      return new LeaseAnswer.Exists(entry.holder());
    }
    if (copies.isDeleting(fingerprint)) {
      return new LeaseAnswer.TryAgain("the key is being deleted");
    }
    if (copies.isDoubted(fingerprint)) {
      return new LeaseAnswer.TryAgain("a node checks whether its record of the key is void");
    }
    KeyLease lease = leases.get(fingerprint);
    if (lease != null && leases.isOver(lease)) {
      leases.pass(fingerprint, lease, SlotAvailability.OPEN);
      lease = leases.get(fingerprint);
    }
    if (lease != null) {
      if (lease.isOf(writer, request)) {
        return new LeaseAnswer.Granted(lease.token); // the first answer was lost
      }
      return waiter == null || leases.await(fingerprint, lease, waiter)
          ? LeaseAnswer.HELD
          : new LeaseAnswer.TryAgain("too many wait for this key");
    }
    if (!context.members.isLive(writer)) {
      return new LeaseAnswer.TryAgain(
          "the owner does not know the writing node " + writer + " yet");
    }
    if (leases.size() >= KeyLeases.MAX_LEASES) {
      return new LeaseAnswer.TryAgain("too many open put-leases in this slot");
    }
    return new LeaseAnswer.Granted(leases.grant(fingerprint, writer, request, leaseMs).token);
  }

  boolean abort(long fingerprint, PutToken token) {
    KeyLease lease = leases.get(fingerprint);
    if (lease == null || !lease.token.equals(token)) {
      return false;
    }
    leases.pass(fingerprint, lease, availability());
    return true;
  }

  boolean withdraw(long fingerprint, Member writer, long request) {
    KeyLease lease = leases.get(fingerprint);
    if (lease == null) {
      return false;
    }
    boolean left = leases.leave(lease, writer, request);
    if (lease.isOf(writer, request)) {
      leases.pass(fingerprint, lease, availability());
      return true;
    }
    return left;
  }

  /** Ends a put that its writer has given up, whether its commit has come or is still to come. */
  void revoke(long fingerprint, PutToken token, Member holder, long stamp) {
    Map<PutToken, Long> known = revoked;
    if (known == null) {
      known = new LinkedHashMap<>();
      revoked = known;
    }
    known.put(token, fingerprint);
    if (known.size() > MAX_REVOKED) {
      known.remove(known.keySet().iterator().next());
    }
    abort(fingerprint, token);
    copies.forget(fingerprint, holder, stamp);
  }

  private boolean isRevoked(PutToken token) {
    return revoked != null && revoked.containsKey(token);
  }

  /** Whether an unavailable value of the key, or that one, may appear again. */
  boolean mayReturn(long fingerprint, Lookup.@Nullable Found only, Predicate<Member> isReachable) {
    KeyLease lease = leases.get(fingerprint);
    if (only != null) {
      return copies.isKnown(fingerprint, only);
    }
    return copies.isKnown(fingerprint, null)
        || (revoked != null && revoked.containsValue(fingerprint))
        || (lease != null && !isReachable.test(lease.writer));
  }

  CommitDecision commit(
      long fingerprint, PutToken token, Member holder, long stamp, long expiresAtMs) {
    CommitDecision refusal = refusal(holder);
    if (refusal != null) {
      return refusal;
    }
    Lookup.Found entry = copies.entry(fingerprint);
    if (entry != null) {
      return copies.isSame(entry, holder, stamp)
          ? new CommitDecision.Accepted(epoch)
          : new CommitDecision.Rejected(epoch, true);
    }
    if (isRevoked(token) || context.voided.isVoid(slot, fingerprint, token)) {
      return new CommitDecision.Rejected(epoch, false);
    }
    if (copies.isDoubted(fingerprint)) {
      return new CommitDecision.TryAgain("a node checks whether its record of the key is void");
    }
    KeyLease open = leases.open(fingerprint);
    boolean othersWrite = open != null && !open.token.equals(token);
    if (othersWrite || copies.isDeleting(fingerprint)) {
      return new CommitDecision.Rejected(epoch, false);
    }
    copies.accept(fingerprint, holder, stamp, expiresAtMs);
    leases.end(fingerprint, new LeaseAnswer.Exists(holder));
    return new CommitDecision.Accepted(epoch);
  }

  CommitDecision arrive(long fingerprint, Member from, long fromStamp, Member to) {
    CommitDecision refusal = refusal(to);
    return refusal != null ? refusal : copies.arrive(epoch, fingerprint, from, fromStamp, to);
  }

  CommitDecision transfer(
      long fingerprint, Member from, long fromStamp, Member to, long toStamp, long expiresAtMs) {
    CommitDecision refusal = refusal(to);
    return refusal != null
        ? refusal
        : copies.transfer(epoch, fingerprint, from, fromStamp, to, toStamp, expiresAtMs);
  }

  private @Nullable CommitDecision refusal(Member holder) {
    SlotAvailability availability = availability();
    if (!availability.isOpen()) {
      return new CommitDecision.TryAgain(availability.reason());
    }
    return context.members.isLive(holder)
        ? null
        : new CommitDecision.TryAgain("the owner does not know the holder " + holder + " yet");
  }

  /** A node announces that it holds a durable record; a mere lease yields to the record. */
  AnnounceOutcome announced(long fingerprint, Member holder, long stamp, long expiresAtMs) {
    if (isReleased() || !context.members.isLive(holder)) {
      return AnnounceOutcome.SETTLED;
    }
    AnnounceOutcome outcome = copies.announced(fingerprint, holder, stamp, expiresAtMs);
    if (outcome instanceof AnnounceOutcome.Settled) {
      leases.end(fingerprint, new LeaseAnswer.Exists(holder));
    }
    return outcome;
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

  /** The entries that name a holder. */
  List<RecordRef> recordsOf(Member holder) {
    List<RecordRef> records = new ArrayList<>();
    copies.forEachOf(
        holder,
        (fingerprint, stamp) -> records.add(new RecordRef(new KeyRef(slot, fingerprint), stamp)));
    return records;
  }
}
