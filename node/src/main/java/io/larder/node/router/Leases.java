package io.larder.node.router;

import io.larder.node.block.Key;
import io.larder.node.block.KeyRef;
import io.larder.node.directory.OpenPuts;
import io.larder.node.peer.PeerException;
import io.larder.node.peer.PeerRequest;
import io.larder.node.service.ClientId;
import io.larder.node.service.LeaseAnswer;
import io.larder.node.service.Member;
import io.larder.protocol.PutToken;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The asking side of put-leases: gets them from slot owners for puts and clients of this node,
 * waits in their queues, and gives back what a client that has gone had. Thread-safe.
 */
final class Leases {
  /** How long an owner may take to answer a lease request. */
  static final long ASK_DEADLINE_MS = 1_000;

  /** A waiter that is not woken in this time asks again: the wake may have been lost. */
  private static final long REASK_MS = 1_000;

  /** What is refused later than this was waited for. */
  private static final long AT_ONCE_MS = 100;

  private static final long FIRST_RETRY_MS = 5;
  private static final long MAX_RETRY_MS = 100;

  private final Cluster cluster;
  private final OpenPuts openPuts;
  private final Timing timing;
  private final AtomicLong requests = new AtomicLong();
  private final Map<Long, CompletableFuture<LeaseAnswer>> waiting = new ConcurrentHashMap<>();
  private final Map<ClientId, Map<PutToken, Key>> grants = new ConcurrentHashMap<>();
  private final Map<ClientId, Map<Long, Acquisition>> acquisitions = new ConcurrentHashMap<>();

  Leases(Cluster cluster, OpenPuts openPuts, Timing timing) {
    this.cluster = cluster;
    this.openPuts = openPuts;
    this.timing = timing;
    requests.set(timing.nowNanos()); // numbers of an earlier incarnation must not come back
  }

  /** One wish for one key, until it is granted, refused or late. */
  final class Acquisition {
    private final Key key;
    private final KeyRef ref;
    private final ClientId client;
    private final long leaseMs;
    private final long deadlineNanos;
    private final long undecidedUntilNanos;
    private final CompletableFuture<LeaseAnswer> result = new CompletableFuture<>();
    private long retryMs = FIRST_RETRY_MS;

    /** The request that is under way or queued. */
    private volatile long lastRequest;

    private volatile LeaseAnswer lastAnswer = new LeaseAnswer.TryAgain("no answer yet");
    private volatile boolean waited;

    /**
     * Whether to join the queue of a key that is held. Not at first where this node is the owner:
     * it answers in the same call, most often with a grant, and no wait need be prepared for.
     */
    private boolean mayQueue;

    Acquisition(Key key, ClientId client, long leaseMs, long waitMs, long undecidedMs) {
      this.key = key;
      this.ref = key.ref();
      this.client = client;
      this.leaseMs = leaseMs;
      this.deadlineNanos = timing.deadline(waitMs);
      this.undecidedUntilNanos = timing.deadline(undecidedMs);
      Member owner = cluster.owner(key.slot());
      this.mayQueue = owner == null || !cluster.isSelf(owner);
    }

    void ask() {
      if (result.isDone()) {
        return;
      }
      long request = requests.incrementAndGet();
      lastRequest = request;
      long waitMs = mayQueue ? Math.max(0, remainingMs()) : 0;
      CompletableFuture<LeaseAnswer> woken = new CompletableFuture<>();
      if (waitMs > 0) {
        waiting.put(request, woken);
        acquisitions.computeIfAbsent(client, _ -> new ConcurrentHashMap<>()).put(request, this);
      }
      var lease = new PeerRequest.Lease(cluster.self(), request, leaseMs, waitMs, List.of(ref));
      long atOnceNanos = timing.deadline(AT_ONCE_MS);
      Futures.finish(
          cluster.askOwner(key.slot(), lease, ASK_DEADLINE_MS),
          (answers, failure) -> {
            if (answers == null) {
              waited |= timing.nowNanos() - atOnceNanos > 0;
              withdraw(ref, request); // it may have been granted all the same
              stopWaiting(request);
              decide(new LeaseAnswer.TryAgain(reason(failure)));
            } else if (answers.getFirst() instanceof LeaseAnswer.Held && waitMs > 0) {
              awaitWake(request, woken);
            } else if (answers.getFirst() instanceof LeaseAnswer.Held && !mayQueue) {
              mayQueue = true;
              ask();
            } else {
              stopWaiting(request);
              decide(answers.getFirst());
            }
          });
    }

    private void awaitWake(long request, CompletableFuture<LeaseAnswer> woken) {
      waited = true;
      lastAnswer = new LeaseAnswer.Held();
      long patienceMs = Math.min(remainingMs(), REASK_MS);
      var late =
          timing
              .control()
              .schedule(
                  () -> {
                    if (woken.complete(new LeaseAnswer.Held())) {
                      withdraw(ref, request);
                    }
                  },
                  Math.max(1, patienceMs),
                  TimeUnit.MILLISECONDS);
      Futures.go(
          woken.thenAccept(answer -> {
            late.cancel(false);
            stopWaiting(request);
            if (answer instanceof LeaseAnswer.Held && remainingMs() > 0) {
              ask();
            } else {
              decide(answer);
            }
          }));
    }

    private void decide(LeaseAnswer answer) {
      LeaseAnswer decision = accepted(key, answer, leaseMs);
      long undecidedMs = (undecidedUntilNanos - timing.nowNanos()) / 1_000_000;
      if (decision instanceof LeaseAnswer.TryAgain && undecidedMs > retryMs && !isOwnerDead()) {
        waited = true;
        lastAnswer = decision;
        var _ = timing.control().schedule(this::ask, retryMs, TimeUnit.MILLISECONDS);
        retryMs = Math.min(MAX_RETRY_MS, retryMs * 2);
      } else if (!result.complete(decision) && decision instanceof LeaseAnswer.Granted granted) {
        Futures.go(abort(key, granted.token())); // the client has gone meanwhile
      }
    }

    /** Whether the owner is known not to answer; no other has the slot before its session ends. */
    private boolean isOwnerDead() {
      Member owner = cluster.owner(key.slot());
      return owner != null && !cluster.isReachable(owner);
    }

    void cancel(long request) {
      if (result.complete(new LeaseAnswer.Held())) {
        withdraw(ref, request);
      }
    }

    /** How it ended, or will. */
    CompletableFuture<LeaseAnswer> result() {
      return result;
    }

    /** Whether it did not end with the first answer. */
    boolean hasWaited() {
      return waited;
    }

    /** Ends it with what is known so far, unless it has ended before. */
    void end() {
      waited = true;
      if (result.complete(lastAnswer)) {
        long request = lastRequest;
        stopWaiting(request);
        withdraw(ref, request); // it may have been granted all the same
      }
    }

    private void stopWaiting(long request) {
      if (waiting.remove(request) == null) {
        return; // it was not to wait
      }
      acquisitions.computeIfPresent(
          client,
          (_, of) -> {
            of.remove(request);
            return of.isEmpty() ? null : of;
          });
    }

    private long remainingMs() {
      return (deadlineNanos - timing.nowNanos()) / 1_000_000;
    }
  }

  /**
   * Gets the put-lease of one key, waiting while it is held or nobody can decide.
   *
   * @param waitMs how long while another writes the key; 0 takes the first answer
   * @param undecidedMs how long while nobody can decide, as while the slot changes its owner
   */
  Acquisition acquire(Key key, ClientId client, long leaseMs, long waitMs, long undecidedMs) {
    Acquisition acquisition = new Acquisition(key, client, leaseMs, waitMs, undecidedMs);
    acquisition.ask();
    return acquisition;
  }

  /** An acquisition that is over before it began, as when the answer is known. */
  Acquisition decided(Key key, ClientId client, LeaseAnswer answer) {
    Acquisition acquisition = new Acquisition(key, client, 0, 0, 0);
    boolean _ = acquisition.result.complete(answer);
    return acquisition;
  }

  /** Asks for many keys at once: one question per owner, no waiting. */
  CompletableFuture<List<LeaseAnswer>> acquireAll(List<Key> keys, long leaseMs) {
    List<LeaseAnswer> answers =
        new ArrayList<>(
            Collections.nCopies(keys.size(), new LeaseAnswer.TryAgain("no answer from the owner")));
    var questions = new Grouping<Key>(cluster);
    for (int i = 0; i < keys.size(); i++) {
      int slot = keys.get(i).slot();
      if (!questions.add(slot, i, keys.get(i))) {
        answers.set(i, new LeaseAnswer.TryAgain(cluster.noOwner(slot)));
      }
    }
    List<CompletableFuture<?>> asked = new ArrayList<>();
    questions.forEach((owner, indices, group) -> {
      long first = requests.addAndGet(group.size()) - group.size() + 1;
      List<KeyRef> refs = group.stream().map(Key::ref).toList();
      asked.add(
          cluster
              .ask(
                  owner,
                  new PeerRequest.Lease(cluster.self(), first, leaseMs, 0, refs),
                  ASK_DEADLINE_MS)
              .handle((given, failure) -> {
                for (int i = 0; i < group.size(); i++) {
                  if (given == null) {
                    answers.set(indices.get(i), new LeaseAnswer.TryAgain(reason(failure)));
                    withdraw(refs.get(i), first + i); // it may have been granted all the same
                  } else {
                    answers.set(indices.get(i), accepted(group.get(i), given.get(i), leaseMs));
                  }
                }
                return true;
              }));
    });
    return Futures.all(asked).thenApply(_ -> answers);
  }

  /** Takes note of a grant; one of an epoch below this node's promise is void. */
  private LeaseAnswer accepted(Key key, LeaseAnswer answer, long leaseMs) {
    if (!(answer instanceof LeaseAnswer.Granted granted)) {
      return answer;
    }
    long deadlineNanos = timing.deadline(leaseMs);
    return openPuts.granted(key.ref(), granted.token(), deadlineNanos)
        ? answer
        : new LeaseAnswer.TryAgain("slot " + key.slot() + " changes its owner");
  }

  private void withdraw(KeyRef key, long request) {
    var withdraw = new PeerRequest.Withdraw(cluster.self(), request, key);
    Futures.finish(
        cluster.askOwner(key.slot(), withdraw, ASK_DEADLINE_MS),
        (_, _) -> {}); // if it fails, the lease's deadline ends it
  }

  /** Notes that a client holds a grant, to be given back if the client goes. */
  void heldByClient(ClientId client, Key key, PutToken token) {
    grants.computeIfAbsent(client, _ -> new ConcurrentHashMap<>()).put(token, key);
  }

  /** A put under the token has begun: from now on the put, not the client, answers for it. */
  void takenByPut(ClientId client, PutToken token) {
    grants.computeIfPresent(
        client,
        (_, of) -> {
          of.remove(token);
          return of.isEmpty() ? null : of;
        });
  }

  /** Forgets grants that ended otherwise than by a put; to be called about once a second. */
  void forgetEnded() {
    for (ClientId client : grants.keySet()) {
      grants.computeIfPresent(
          client,
          (_, of) -> {
            of.entrySet()
                .removeIf(grant -> !openPuts.isOpen(grant.getValue().slot(), grant.getKey()));
            return of.isEmpty() ? null : of;
          });
    }
  }

  /** Grants that clients of this node hold. */
  int heldByClients() {
    return grants.values().stream().mapToInt(Map::size).sum();
  }

  /** Another node carries the put out: this one neither lists the grant nor gives it back. */
  void handedOn(ClientId client, Key key, PutToken token) {
    takenByPut(client, token);
    openPuts.ended(key.slot(), token);
  }

  /** Gives a lease back unwritten. */
  CompletableFuture<Boolean> abort(Key key, PutToken token) {
    openPuts.ended(key.slot(), token);
    return cluster
        .askOwner(key.slot(), new PeerRequest.Abort(key.ref(), token), ASK_DEADLINE_MS)
        .exceptionally(_ -> false); // then the lease's deadline ends it
  }

  /** Tells a waiting request how its wait ended; false if it no longer waits. */
  boolean wake(long request, LeaseAnswer answer) {
    CompletableFuture<LeaseAnswer> woken = waiting.get(request);
    return woken != null && woken.complete(answer);
  }

  void clientGone(ClientId client) {
    Map<PutToken, Key> held = grants.remove(client);
    if (held != null) {
      held.forEach((token, key) -> Futures.go(abort(key, token)));
    }
    Map<Long, Acquisition> queued = acquisitions.remove(client);
    if (queued != null) {
      queued.forEach((request, acquisition) -> acquisition.cancel(request));
    }
  }

  /** Requests of this node that wait for another writer. */
  int waitingCount() {
    return waiting.size();
  }

  static String reason(@Nullable Throwable failure) {
    if (failure == null) {
      return "no answer";
    }
    Throwable cause = failure;
    while (cause.getCause() != null && !(cause instanceof PeerException)) {
      cause = cause.getCause();
    }
    return String.valueOf(cause.getMessage());
  }
}
