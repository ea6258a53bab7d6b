package io.larder.node.directory;

import io.larder.node.block.KeyRef;
import io.larder.protocol.PutToken;
import io.larder.protocol.Slots;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The writing node's side of the put-lease protocol: the open grants of this node and its clients,
 * and the epoch of each slot to which this node is promised. Answering an owner's announce is that
 * promise: from then on an answer of a lower epoch is ignored, and the open puts go to the new
 * owner as claims. The same holds for records that arrive here by a move: the owner of the slot
 * knows of them from before they are written until they are settled, so that no delete misses one.
 *
 * <p>Thread-safe: a monitor per slot makes promise, publication and listing atomic to each other.
 */
public final class OpenPuts {
  /** A grant of this node: held by a client, being written, or waiting for its commit. */
  public record OpenPut(long fingerprint, PutToken token, long deadlineNanos) {}

  private static final class SlotPuts {
    volatile long promisedEpoch;
    @Nullable Order confirmed;
    final Map<PutToken, OpenPut> open = new HashMap<>(2);
    final Set<Long> arriving = new HashSet<>(2);
  }

  private final AtomicReferenceArray<SlotPuts> slots = new AtomicReferenceArray<>(Slots.COUNT);
  private final SlotSet busy = new SlotSet();
  private final LongSupplier nanoClock;
  private final Rules rules;

  public OpenPuts(LongSupplier nanoClock, Rules rules) {
    this.nanoClock = nanoClock;
    this.rules = rules;
  }

  private SlotPuts puts(int slot) {
    SlotPuts known = slots.get(slot);
    if (known != null) {
      return known;
    }
    SlotPuts first = new SlotPuts();
    return slots.compareAndSet(slot, null, first) ? first : puts(slot);
  }

  /**
   * Takes note of a grant before it is used.
   *
   * @return false if this node has promised itself to a later epoch: the grant is void
   */
  public boolean granted(KeyRef key, PutToken token, long deadlineNanos) {
    SlotPuts puts = puts(key.slot());
    synchronized (puts) {
      if (rules.isVoid(token.epoch(), puts.promisedEpoch)) {
        return false;
      }
      puts.open.put(token, new OpenPut(key.fingerprint(), token, deadlineNanos));
      busy.add(key.slot());
      return true;
    }
  }

  /**
   * Carries out an owner's answer to a commit, unless it comes from an epoch below the promise or
   * is for an earlier incarnation, whose records the owner counts as absent.
   *
   * @param epoch of the answering owner
   * @param isStill whether this node is still the incarnation that asked
   * @param consequence publication or nothing; runs under the slot's monitor, must not block
   * @return false if the answer is void and the record must be claimed again
   */
  public boolean settle(
      int slot, PutToken token, long epoch, BooleanSupplier isStill, Runnable consequence) {
    return arrive(
        slot,
        epoch,
        isStill,
        () -> {
          consequence.run();
          puts(slot).open.remove(token);
        });
  }

  /** Forgets a grant that was aborted or has ended without a record. */
  public void ended(int slot, PutToken token) {
    SlotPuts puts = puts(slot);
    synchronized (puts) {
      puts.open.remove(token);
    }
  }

  /** Whether this process has announced the slot to an owner. */
  public boolean hasAnnounced(int slot) {
    SlotPuts known = slots.get(slot);
    return known != null && known.promisedEpoch != 0;
  }

  /** Whether this node knows the token as one of its open grants. */
  public boolean isOpen(int slot, PutToken token) {
    SlotPuts puts = puts(slot);
    synchronized (puts) {
      return puts.open.containsKey(token);
    }
  }

  /**
   * Answers an announce: promises the epoch and lists, as one step, the held records and the open
   * puts.
   *
   * @param listing lists the records of this slot; runs under the slot's monitor, without I/O
   * @return null if the node is already promised to a later epoch
   */
  public <T> @Nullable Announcement<T> announce(int slot, long epoch, Supplier<T> listing) {
    SlotPuts puts = puts(slot);
    long now = nanoClock.getAsLong();
    synchronized (puts) {
      if (rules.isVoid(epoch, puts.promisedEpoch)) {
        return null;
      }
      puts.promisedEpoch = rules.promise(puts.promisedEpoch, epoch);
      List<OpenPut> open = new ArrayList<>(puts.open.size());
      for (OpenPut put : puts.open.values()) {
        if (put.deadlineNanos() - now > 0) {
          open.add(put);
        }
      }
      return new Announcement<>(listing.get(), open, List.copyOf(puts.arriving));
    }
  }

  /** A node's announcement of one slot to its new owner. */
  public record Announcement<T>(T held, List<OpenPut> open, List<Long> arriving) {}

  /** From now on a record of the key may arrive by a move; called before the owner is asked. */
  public void arriving(KeyRef key) {
    SlotPuts puts = puts(key.slot());
    synchronized (puts) {
      puts.arriving.add(key.fingerprint());
    }
  }

  /** No record of the key is arriving any more: it was published, or cannot come back. */
  public void arrived(KeyRef key) {
    SlotPuts puts = puts(key.slot());
    synchronized (puts) {
      puts.arriving.remove(key.fingerprint());
    }
  }

  /** Whether a record of the key may be arriving by a move. */
  public boolean isArriving(KeyRef key) {
    SlotPuts puts = puts(key.slot());
    synchronized (puts) {
      return puts.arriving.contains(key.fingerprint());
    }
  }

  /** The answer to an owner's question whether a record is here. */
  public enum Confirmation {
    HERE,
    ABSENT,
    /** The question comes from an owner below the promise. */
    VOID
  }

  /**
   * Answers an owner that asks whether a record is here, in order to rely on it: every earlier
   * order of that owner to drop something of this slot is void from now on.
   *
   * @param isHere runs under the slot's monitor, must not block
   */
  public Confirmation confirm(int slot, Order question, BooleanSupplier isHere) {
    SlotPuts puts = puts(slot);
    synchronized (puts) {
      if (rules.isVoid(question.epoch(), puts.promisedEpoch)) {
        return Confirmation.VOID;
      }
      Order last = puts.confirmed;
      if (last == null || last.compareTo(question) < 0) {
        puts.confirmed = question;
      }
      return isHere.getAsBoolean() ? Confirmation.HERE : Confirmation.ABSENT;
    }
  }

  /**
   * Obeys an owner's order to drop a record. An order is void if its epoch is below the promise, if
   * it is older than a question that was answered, or if this process has not announced the slot
   * yet: it does not know the promises and answers of earlier processes of the node. The
   * consequence and a promise are atomic to each other, so that a record which it hides is never
   * listed to a later owner.
   *
   * @param consequence runs under the slot's monitor, must not block
   */
  public boolean obey(int slot, Order order, Runnable consequence) {
    SlotPuts puts = puts(slot);
    synchronized (puts) {
      Order last = puts.confirmed;
      if (puts.promisedEpoch == 0
          || rules.isVoid(order.epoch(), puts.promisedEpoch)
          || (last != null && order.compareTo(last) < 0)) {
        return false;
      }
      consequence.run();
      return true;
    }
  }

  /**
   * Carries out an owner's answer to a move, unless it comes from an epoch below the promise or is
   * for an earlier incarnation.
   *
   * @param isStill whether this node is still the incarnation that asked
   * @param consequence runs under the slot's monitor, must not block
   */
  public boolean arrive(int slot, long epoch, BooleanSupplier isStill, Runnable consequence) {
    SlotPuts puts = puts(slot);
    synchronized (puts) {
      if (rules.isVoid(epoch, puts.promisedEpoch) || !isStill.getAsBoolean()) {
        return false;
      }
      consequence.run();
      return true;
    }
  }

  /** Forgets grants whose deadline has passed. */
  public void tick() {
    long now = nanoClock.getAsLong();
    busy.forEach(slot -> {
      SlotPuts puts = puts(slot);
      synchronized (puts) {
        puts.open.values().removeIf(put -> put.deadlineNanos() - now <= 0);
        if (puts.open.isEmpty()) {
          busy.remove(slot);
        }
      }
    });
  }
}
