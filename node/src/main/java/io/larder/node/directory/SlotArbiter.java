package io.larder.node.directory;

import io.larder.protocol.PutToken;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * One slot under one epoch at its owner: entries, open put-leases and their queues. Guarded by its
 * own monitor; the {@link Directory} holds the rules.
 */
final class SlotArbiter {
  /** Transitions: SYNCING → READY when all live nodes have announced; any → gone on release. */
  enum State {
    SYNCING,
    READY
  }

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
  }

  /** One more copy of a key than its entry's: what a move left behind, or a duplicate. */
  static final class SecondCopy {
    final Member holder;
    final long stamp;
    final long expiresAtMs;
    final long deadlineNanos;

    /** Whether readers are sent here, since the entry's own copy may not be readable yet. */
    boolean readHere;

    /** Until when who left it behind by a move is expected to have it settled. */
    long moverSettlesNanos;

    /** Whether it is just being settled which copy goes. */
    boolean settling;

    SecondCopy(Member holder, long stamp, long expiresAtMs, long deadlineNanos) {
      this.holder = holder;
      this.stamp = stamp;
      this.expiresAtMs = expiresAtMs;
      this.deadlineNanos = deadlineNanos;
    }

    boolean is(Member member, long otherStamp) {
      return holder.equals(member) && Rules.now.isSameStamp(stamp, otherStamp);
    }
  }

  final int slot;
  final long epoch;
  State state = State.SYNCING;
  boolean released;
  final EntryTable entries = new EntryTable();
  final Map<Long, KeyLease> leases = new HashMap<>(4);
  final Set<Long> deleting = new HashSet<>(2);
  final Map<Long, SecondCopy> seconds = new HashMap<>(2);

  SlotArbiter(int slot, long epoch) {
    this.slot = slot;
    this.epoch = epoch;
  }
}
