package io.larder.node.directory;

import io.larder.node.service.LeaseAnswer;
import io.larder.node.service.Member;
import io.larder.protocol.PutToken;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The open put-leases of one slot's keys and their queues of waiters, first come first served. A
 * lease ends by commit, abort, deadline or the end of its writer's incarnation. Guarded by the
 * slot's monitor; calls to waiters are collected, to run after the monitor is released.
 */
final class KeyLeases {
  /** Open put-leases per slot; a bound against a client that leases without end. */
  static final int MAX_LEASES = 16_384;

  /** Waiters for one key. */
  static final int MAX_WAITERS = 1024;

  /** The exclusive right to write one key. */
  static final class KeyLease {
    final PutToken token;
    final Member writer;

    /** The writer's own number of its request, so that a repeated request is granted once. */
    final long request;

    final long deadlineNanos;
    final ArrayDeque<Waiter> waiters = new ArrayDeque<>(0);

    KeyLease(PutToken token, Member writer, long request, long deadlineNanos) {
      this.token = token;
      this.writer = writer;
      this.request = request;
      this.deadlineNanos = deadlineNanos;
    }

    boolean isOf(Member member, long number) {
      return request == number && writer.equals(member);
    }
  }

  private final int slot;
  private final long epoch;
  private final OwnerContext context;
  private final Map<Long, KeyLease> leases = new HashMap<>(4);
  private final Set<Long> waitedFor = new HashSet<>(2);
  private List<Runnable> wakes = List.of();
  private long sweepNanos;

  KeyLeases(int slot, long epoch, OwnerContext context) {
    this.slot = slot;
    this.epoch = epoch;
    this.context = context;
    this.sweepNanos = context.deadline(context.deadlines.leaseSweepMs());
  }

  int size() {
    return leases.size();
  }

  /** The calls to waiters since the last time; the caller runs them without the monitor. */
  List<Runnable> takeWakes() {
    List<Runnable> taken = wakes;
    wakes = List.of();
    return taken;
  }

  private void wake(Waiter waiter, LeaseAnswer answer) {
    if (wakes.isEmpty()) {
      wakes = new ArrayList<>(1);
    }
    wakes.add(() -> waiter.answer().answered(answer));
  }

  /** The key's lease, over or not. */
  @Nullable KeyLease get(long fingerprint) {
    return leases.get(fingerprint);
  }

  /** The key's lease if it is not over. */
  @Nullable KeyLease open(long fingerprint) {
    KeyLease lease = leases.get(fingerprint);
    return lease == null || isOver(lease) ? null : lease;
  }

  boolean isOver(KeyLease lease) {
    return context.isPast(lease.deadlineNanos) || !context.members.isLive(lease.writer);
  }

  /** A new lease with a token of this epoch. */
  KeyLease grant(long fingerprint, Member writer, long request, long leaseMs) {
    PutToken token = new PutToken(epoch, context.sequence.incrementAndGet());
    KeyLease lease = new KeyLease(token, writer, request, context.deadline(leaseMs));
    put(fingerprint, lease);
    context.grants.incrementAndGet();
    return lease;
  }

  /** A lease of an earlier epoch, which its writer has named. */
  void adopt(long fingerprint, PutToken token, Member writer, long remainingMs) {
    put(fingerprint, new KeyLease(token, writer, 0, context.deadline(remainingMs)));
  }

  private void put(long fingerprint, KeyLease lease) {
    leases.put(fingerprint, lease);
    context.leasing.add(slot);
  }

  /** Adds a waiter; false if there are too many. */
  boolean await(long fingerprint, KeyLease lease, Waiter waiter) {
    if (lease.waiters.size() >= MAX_WAITERS) {
      return false;
    }
    lease.waiters.add(waiter);
    waitedFor.add(fingerprint);
    context.waits.incrementAndGet();
    return true;
  }

  /**
   * Ends a lease and grants the key to the first waiter that is still there.
   *
   * @param availability unless it is open, nothing is granted
   */
  void pass(long fingerprint, KeyLease lease, SlotAvailability availability) {
    leases.remove(fingerprint);
    if (!availability.isOpen()) {
      answerAll(lease.waiters, new LeaseAnswer.TryAgain(availability.reason()));
      return;
    }
    for (Waiter next; (next = lease.waiters.poll()) != null; ) {
      if (!context.isPast(next.deadlineNanos()) && context.members.isLive(next.writer())) {
        KeyLease granted = grant(fingerprint, next.writer(), next.request(), next.leaseMs());
        granted.waiters.addAll(lease.waiters);
        wake(next, new LeaseAnswer.Granted(granted.token));
        return;
      }
      wake(next, LeaseAnswer.HELD);
    }
  }

  /** Removes a request from the key's queue without an answer. */
  boolean leave(KeyLease lease, Member writer, long request) {
    return lease.waiters.removeIf(w -> w.request() == request && w.writer().equals(writer));
  }

  /** Ends a key's lease, if it has one, with this answer to its waiters. */
  void end(long fingerprint, LeaseAnswer answer) {
    KeyLease lease = leases.remove(fingerprint);
    if (lease != null) {
      answerAll(lease.waiters, answer);
    }
  }

  void endAll(LeaseAnswer answer) {
    leases.values().forEach(lease -> answerAll(lease.waiters, answer));
    leases.clear();
  }

  /**
   * Ends leases and waits that are over: at once where there are waiters, else with the next sweep,
   * since a request for the key checks its lease anyway.
   *
   * @param availability called for each lease that ends
   */
  void tick(Supplier<SlotAvailability> availability) {
    List<Long> over = new ArrayList<>(0);
    waitedFor.removeIf(fingerprint -> !isWaitedFor(fingerprint));
    if (context.isPast(sweepNanos)) {
      sweepNanos = context.deadline(context.deadlines.leaseSweepMs());
      leases.forEach((fingerprint, lease) -> look(fingerprint, lease, over));
    } else {
      waitedFor.forEach(fingerprint -> look(fingerprint, leases.get(fingerprint), over));
    }
    for (Long fingerprint : over) {
      KeyLease lease = leases.get(fingerprint);
      if (lease != null) {
        context.expiries.incrementAndGet();
        pass(fingerprint, lease, availability.get());
      }
    }
  }

  private boolean isWaitedFor(Long fingerprint) {
    KeyLease lease = leases.get(fingerprint);
    return lease != null && !lease.waiters.isEmpty();
  }

  private void look(Long fingerprint, @Nullable KeyLease lease, List<Long> over) {
    if (lease != null) {
      dropLateWaiters(lease);
      if (isOver(lease)) {
        over.add(fingerprint);
      }
    }
  }

  private void dropLateWaiters(KeyLease lease) {
    if (lease.waiters.isEmpty()) {
      return;
    }
    for (Iterator<Waiter> each = lease.waiters.iterator(); each.hasNext(); ) {
      Waiter waiter = each.next();
      if (context.isPast(waiter.deadlineNanos())) {
        each.remove();
        wake(waiter, LeaseAnswer.HELD);
      }
    }
  }

  private void answerAll(ArrayDeque<Waiter> waiters, LeaseAnswer answer) {
    waiters.forEach(waiter -> wake(waiter, answer));
    waiters.clear();
  }
}
