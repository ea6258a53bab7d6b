package io.larder.node.router;

import io.larder.node.block.KeyRef;
import io.larder.node.peer.PeerRequest;
import io.larder.node.service.Member;
import io.larder.protocol.PutToken;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;

/**
 * Puts that this node gave up though their commits may have been sent: each is revoked at its
 * slot's owner until the owner has answered. Until then the key is absent on this node, since the
 * owner may send readers here for it, unless another put of it was stored here meanwhile.
 *
 * <p>Bounded: a put beyond the bound is revoked once; if that fails the owner finds out when it
 * compares what it knows with what this node holds. Thread-safe.
 */
final class Withdrawals {
  /** Puts that are remembered. */
  static final int MAX = 65_536;

  /** Questions to owners that are under way at a time. */
  private static final int MAX_ASKED = 256;

  private record Withdrawal(KeyRef key, PutToken token, Member holder, long stamp) {}

  /** What is known of a key. */
  private static final class Withdrawn {
    int open;
    boolean hidden = true;
  }

  private final Cluster cluster;
  private final Map<KeyRef, Withdrawn> keys = new HashMap<>();
  private final Queue<Withdrawal> waiting = new ArrayDeque<>();
  private int asked;
  private volatile int hiddenKeys;
  private volatile long overflows;

  Withdrawals(Cluster cluster) {
    this.cluster = cluster;
  }

  /**
   * Takes a put back.
   *
   * @param holder this node's incarnation that committed it
   * @param stamp of its record, 0 if there is none yet
   */
  void add(KeyRef key, PutToken token, Member holder, long stamp) {
    Withdrawal withdrawal = new Withdrawal(key, token, holder, stamp);
    boolean remembered;
    synchronized (this) {
      remembered = waiting.size() + asked < MAX;
      if (remembered) {
        Withdrawn withdrawn = keys.computeIfAbsent(key, _ -> new Withdrawn());
        withdrawn.open++;
        withdrawn.hidden = true;
        asked++;
        count();
      } else {
        overflows++;
      }
    }
    Futures.finish(
        ask(withdrawal),
        (done, _) -> {
          if (remembered) {
            answered(withdrawal, Boolean.TRUE.equals(done));
          }
        });
  }

  private CompletableFuture<Boolean> ask(Withdrawal withdrawal) {
    KeyRef key = withdrawal.key();
    var revoke =
        new PeerRequest.Revoke(key, withdrawal.token(), withdrawal.holder(), withdrawal.stamp());
    return cluster.askOwner(key.slot(), revoke, Leases.ASK_DEADLINE_MS);
  }

  private synchronized void answered(Withdrawal withdrawal, boolean done) {
    asked--;
    if (!done) {
      waiting.add(withdrawal);
      return;
    }
    Withdrawn withdrawn = keys.get(withdrawal.key());
    if (withdrawn != null && --withdrawn.open == 0) {
      keys.remove(withdrawal.key());
    }
    count();
  }

  /** Asks the owners again that can be reached; to be called a few times a second. */
  void tick() {
    for (int left = waitingCount(); left > 0; left--) {
      Withdrawal next;
      synchronized (this) {
        next = asked < MAX_ASKED ? waiting.poll() : null;
        if (next == null) {
          return;
        }
        if (!cluster.isOwnerReachable(next.key().slot())) {
          waiting.add(next);
          continue;
        }
        asked++;
      }
      Futures.finish(ask(next), (done, _) -> answered(next, Boolean.TRUE.equals(done)));
    }
  }

  /** A put of the key was stored here: it can be read. */
  void stored(KeyRef key) {
    if (hiddenKeys > 0) {
      synchronized (this) {
        Withdrawn withdrawn = keys.get(key);
        if (withdrawn != null) {
          withdrawn.hidden = false;
          count();
        }
      }
    }
  }

  /** Whether the key is to be absent on this node. */
  boolean hides(KeyRef key) {
    if (hiddenKeys == 0) {
      return false;
    }
    synchronized (this) {
      Withdrawn withdrawn = keys.get(key);
      return withdrawn != null && withdrawn.hidden;
    }
  }

  /** Whether a put of the key is not revoked yet. */
  synchronized boolean isOpen(KeyRef key) {
    return keys.containsKey(key);
  }

  private synchronized int waitingCount() {
    return waiting.size();
  }

  private void count() {
    hiddenKeys = keys.size();
  }

  /** Keys with a put that is not revoked yet. */
  int size() {
    return hiddenKeys;
  }

  /** Puts that could not be remembered. */
  long overflows() {
    return overflows;
  }
}
