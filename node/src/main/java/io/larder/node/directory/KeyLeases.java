package io.larder.node.directory;

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
 * The open put-leases of one slot's keys and who waits for them, first come first served. A lease
 * ends by commit, abort, deadline or the end of its writer's incarnation. Guarded by the slot's
 * monitor; what waiters are to be told is added to {@code after}, to be run without it.
 */
final class KeyLeases {
  /** Open put-leases per slot; a bound against a client that leases without end. */
  static final int MAX_LEASES = 16_384;

  /** Waiters for one key. */
  static final int MAX_WAITERS = 1024;

  /** How long a lease that is over may still be counted while nobody asks for its key. */
  static final long SWEEP_MS = 500;

  /** The exclusive right to write one key. */
  static final class KeyLease {
    final PutToken token;
    final Member writer;

    /** The writer's own number of its request, so that asking twice is granted once. */
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
  private long sweepNanos;

  KeyLeases(int slot, long epoch, OwnerContext context) {
    this.slot = slot;
    this.epoch = epoch;
    this.context = context;
    this.sweepNanos = context.deadline(SWEEP_MS);
  }

  int size() {
    return leases.size();
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
   * @param closed why nothing can be granted now, or null
   */
  void pass(long fingerprint, KeyLease lease, @Nullable String closed, List<Runnable> after) {
    leases.remove(fingerprint);
    if (closed != null) {
      answerAll(lease.waiters, new LeaseAnswer.TryAgain(closed), after);
      return;
    }
    for (Waiter next; (next = lease.waiters.poll()) != null; ) {
      Waiter waiter = next;
      if (!context.isPast(waiter.deadlineNanos()) && context.members.isLive(waiter.writer())) {
        KeyLease granted = grant(fingerprint, waiter.writer(), waiter.request(), waiter.leaseMs());
        granted.waiters.addAll(lease.waiters);
        after.add(() -> waiter.answer().answered(new LeaseAnswer.Granted(granted.token)));
        return;
      }
      after.add(() -> waiter.answer().answered(new LeaseAnswer.Held()));
    }
  }

  /** Takes a request out of the key's queue unanswered. */
  boolean leave(KeyLease lease, Member writer, long request) {
    return lease.waiters.removeIf(w -> w.request() == request && w.writer().equals(writer));
  }

  /** Ends a key's lease, if it has one, with this answer to those who wait. */
  void end(long fingerprint, LeaseAnswer answer, List<Runnable> after) {
    KeyLease lease = leases.remove(fingerprint);
    if (lease != null) {
      answerAll(lease.waiters, answer, after);
    }
  }

  void endAll(LeaseAnswer answer, List<Runnable> after) {
    leases.values().forEach(lease -> answerAll(lease.waiters, answer, after));
    leases.clear();
  }

  /**
   * Ends leases that are over and waits that are: at once where someone waits, else within {@link
   * #SWEEP_MS}, since whoever asks for the key looks at its lease anyway.
   *
   * @param closed why nothing can be granted now, or null; asked when something is to be
   */
  void tick(Supplier<@Nullable String> closed, List<Runnable> after) {
    List<Long> over = new ArrayList<>(0);
    waitedFor.removeIf(fingerprint -> !isWaitedFor(fingerprint));
    if (context.isPast(sweepNanos)) {
      sweepNanos = context.deadline(SWEEP_MS);
      leases.forEach((fingerprint, lease) -> look(fingerprint, lease, over, after));
    } else {
      waitedFor.forEach(fingerprint -> look(fingerprint, leases.get(fingerprint), over, after));
    }
    for (Long fingerprint : over) {
      KeyLease lease = leases.get(fingerprint);
      if (lease != null) {
        context.expiries.incrementAndGet();
        pass(fingerprint, lease, closed.get(), after);
      }
    }
  }

  private boolean isWaitedFor(Long fingerprint) {
    KeyLease lease = leases.get(fingerprint);
    return lease != null && !lease.waiters.isEmpty();
  }

  private void look(
      Long fingerprint, @Nullable KeyLease lease, List<Long> over, List<Runnable> after) {
    if (lease != null) {
      dropLateWaiters(lease, after);
      if (isOver(lease)) {
        over.add(fingerprint);
      }
    }
  }

  private void dropLateWaiters(KeyLease lease, List<Runnable> after) {
    if (lease.waiters.isEmpty()) {
      return;
    }
    for (Iterator<Waiter> each = lease.waiters.iterator(); each.hasNext(); ) {
      Waiter waiter = each.next();
      if (context.isPast(waiter.deadlineNanos())) {
        each.remove();
        after.add(() -> waiter.answer().answered(new LeaseAnswer.Held()));
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
}
