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

  final long epoch;
  State state = State.SYNCING;
  boolean released;
  final EntryTable entries = new EntryTable();
  final Map<Long, KeyLease> leases = new HashMap<>(4);
  final Set<Long> deleting = new HashSet<>(2);

  SlotArbiter(long epoch) {
    this.epoch = epoch;
  }
}
