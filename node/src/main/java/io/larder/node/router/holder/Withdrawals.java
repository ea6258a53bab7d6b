package io.larder.node.router.holder;

import io.larder.node.block.KeyRef;
import io.larder.node.peer.PeerRequest;
import io.larder.node.router.cluster.Cluster;
import io.larder.node.router.cluster.Futures;
import io.larder.node.service.Member;
import io.larder.protocol.PutToken;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;

/**
 * Puts that this node gave up although their commits may have been sent. Each is revoked at its
 * slot's owner until the owner has answered. Until then the key is absent on this node, since the
 * owner may send readers here for it, unless another put of it has been stored here since.
 *
 * <p>Bounded: a put beyond the bound is revoked once; if that fails, anti-entropy corrects the
 * owner's directory. Thread-safe.
 */
public final class Withdrawals {
  /** Puts that are remembered. */
  private static final int MAX = 65_536;

  /** Concurrent questions to owners. */
  private static final int MAX_ASKED = 256;

  private record Withdrawal(KeyRef key, PutToken token, Member holder, long stamp) {}

  /** The withdrawn puts of one key. */
  private static final class WithdrawnKey {
    int open;
    boolean hidden = true;
  }

  private final Cluster cluster;
  private final Map<KeyRef, WithdrawnKey> keys = new HashMap<>();
  private final Queue<Withdrawal> waiting = new ArrayDeque<>();
  private int asked;
  private volatile int size;
  private volatile long overflows;

  public Withdrawals(Cluster cluster) {
    this.cluster = cluster;
  }

  /**
   * Withdraws a put.
   *
   * @param holder this node's incarnation that committed it
   * @param stamp of its record, 0 if there is none yet
   */
  public void add(KeyRef key, PutToken token, Member holder, long stamp) {
    Withdrawal withdrawal = new Withdrawal(key, token, holder, stamp);
    boolean remembered;
    synchronized (this) {
      remembered = waiting.size() + asked < MAX;
      if (remembered) {
        WithdrawnKey withdrawn = keys.computeIfAbsent(key, _ -> new WithdrawnKey());
        withdrawn.open++;
        withdrawn.hidden = true;
        asked++;
        size = keys.size();
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
    return cluster.askOwner(
        key.slot(),
        new PeerRequest.Revoke(key, withdrawal.token(), withdrawal.holder(), withdrawal.stamp()));
  }

  private synchronized void answered(Withdrawal withdrawal, boolean done) {
    asked--;
    if (!done) {
      waiting.add(withdrawal);
      return;
    }
    WithdrawnKey withdrawn = keys.get(withdrawal.key());
    if (withdrawn != null && --withdrawn.open == 0) {
      keys.remove(withdrawal.key());
      size = keys.size();
    }
  }

  /** Asks the owners again that can be reached; to be called a few times a second. */
  public void tick() {
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

  /** A put of the key was stored here: the key can be read. */
  public void stored(KeyRef key) {
    if (size > 0) {
      synchronized (this) {
        WithdrawnKey withdrawn = keys.get(key);
        if (withdrawn != null) {
          withdrawn.hidden = false;
        }
      }
    }
  }

  /** Whether the key must be absent on this node. */
  public boolean hides(KeyRef key) {
    if (size == 0) {
      return false;
    }
    synchronized (this) {
      WithdrawnKey withdrawn = keys.get(key);
      return withdrawn != null && withdrawn.hidden;
    }
  }

  /** Whether a put of the key is not revoked yet. */
  public synchronized boolean isOpen(KeyRef key) {
    return keys.containsKey(key);
  }

  private synchronized int waitingCount() {
    return waiting.size();
  }

  /** Keys with a put that is not revoked yet. */
  public int size() {
    return size;
  }

  /** Puts that could not be remembered. */
  public long overflows() {
    return overflows;
  }
}
