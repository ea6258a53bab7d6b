package io.larder.node.directory;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/** The state that the slots of one owner share. Thread-safe. */
final class OwnerContext {
  final MemberTable members;
  final VoidedPuts voided;
  final Rules rules;
  final Deadlines deadlines;
  final SlotSet leasing = new SlotSet();
  final AtomicLong sequence = new AtomicLong();
  final AtomicLong grants = new AtomicLong();
  final AtomicLong waits = new AtomicLong();
  final AtomicLong expiries = new AtomicLong();
  private final LongSupplier nanoClock;
  private final LongSupplier logicalClockMs;
  private final BooleanSupplier fence;

  OwnerContext(
      MemberTable members,
      VoidedPuts voided,
      LongSupplier nanoClock,
      LongSupplier logicalClockMs,
      BooleanSupplier fence,
      Rules rules,
      Deadlines deadlines) {
    this.members = members;
    this.voided = voided;
    this.nanoClock = nanoClock;
    this.logicalClockMs = logicalClockMs;
    this.fence = fence;
    this.rules = rules;
    this.deadlines = deadlines;
  }

  /** The moment {@code ms} milliseconds from now. */
  long deadline(long ms) {
    return nanoClock.getAsLong() + ms * 1_000_000L;
  }

  boolean isPast(long deadlineNanos) {
    return deadlineNanos - nanoClock.getAsLong() <= 0;
  }

  boolean isExpired(long expiresAtMs) {
    return expiresAtMs != EntryTable.NEVER && logicalClockMs.getAsLong() >= expiresAtMs;
  }

  /** Whether this node may act as owner at this moment. */
  boolean mayAct() {
    return fence.getAsBoolean();
  }
}
