package io.larder.node.router.write;

import io.larder.node.block.Key;
import io.larder.node.block.KeyRef;
import io.larder.node.directory.OpenPuts;
import io.larder.node.peer.PeerRequest;
import io.larder.node.router.cluster.Cluster;
import io.larder.node.router.cluster.Futures;
import io.larder.node.router.cluster.OwnerGroups;
import io.larder.node.router.cluster.Timing;
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

/**
 * The asking side of put-leases: gets them from slot owners for puts and clients of this node,
 * waits in the owners' queues, and gives back the leases of a client that has gone. Thread-safe.
 */
public final class Leases {
  private final Cluster cluster;
  private final OpenPuts openPuts;
  private final Timing timing;
  private final AtomicLong requests = new AtomicLong();
  private final Map<Long, CompletableFuture<LeaseAnswer>> waiting = new ConcurrentHashMap<>();
  private final Map<ClientId, Map<PutToken, Key>> grants = new ConcurrentHashMap<>();
  private final Map<ClientId, Map<Long, Acquisition>> acquisitions = new ConcurrentHashMap<>();

  public Leases(Cluster cluster, OpenPuts openPuts, Timing timing) {
    this.cluster = cluster;
    this.openPuts = openPuts;
    this.timing = timing;
    requests.set(timing.nowNanos()); // no number of an earlier incarnation comes back
  }

  /** The request for one key's lease, until it is granted, refused or late. */
  public final class Acquisition {
    private final Key key;
    private final KeyRef ref;
    private final ClientId client;
    private final long leaseMs;
    private final long deadlineNanos;
    private final long undecidedUntilNanos;
    private final CompletableFuture<LeaseAnswer> result = new CompletableFuture<>();
    private long pauseMs = timing.deadlines().lease().firstMs();

    /** The number of the request that is sent or queued. */
    private volatile long lastRequest;

    private volatile LeaseAnswer lastAnswer = new LeaseAnswer.TryAgain("no answer yet");
    private volatile boolean waited;

    /**
     * Whether to join the queue of a key that is held. Not at first if this node is the owner: it
     * answers in the same call, most often with a grant, and no wait needs to be prepared.
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
      long promptNanos = timing.deadline(timing.deadlines().promptMs());
      Futures.finish(
          cluster.askOwner(key.slot(), lease),
          (answers, failure) -> {
            if (answers == null) {
              waited |= timing.nowNanos() - promptNanos > 0;
              withdraw(ref, request); // it may have been granted nevertheless
              leaveQueue(request);
              decide(new LeaseAnswer.TryAgain(Futures.reason(failure)));
            } else if (answers.getFirst() instanceof LeaseAnswer.Held && waitMs > 0) {
              awaitWake(request, woken);
            } else if (answers.getFirst() instanceof LeaseAnswer.Held && !mayQueue) {
              mayQueue = true;
              ask();
            } else {
              leaveQueue(request);
              decide(answers.getFirst());
            }
          });
    }

    private void awaitWake(long request, CompletableFuture<LeaseAnswer> woken) {
      waited = true;
      lastAnswer = LeaseAnswer.HELD;
      long wakeMs = Math.min(remainingMs(), timing.deadlines().wakeMs());
      var late =
          timing
              .control()
              .schedule(
                  () -> {
                    if (woken.complete(LeaseAnswer.HELD)) {
                      withdraw(ref, request);
                    }
                  },
                  Math.max(1, wakeMs),
                  TimeUnit.MILLISECONDS);
      Futures.go(
          woken.thenAccept(answer -> {
            late.cancel(false);
            leaveQueue(request);
            if (answer instanceof LeaseAnswer.Held && remainingMs() > 0) {
              ask();
            } else {
              decide(answer);
            }
          }));
    }

    private void decide(LeaseAnswer answer) {
      LeaseAnswer decision = accepted(key, answer, leaseMs);
      long undecidedMs = timing.leftMs(undecidedUntilNanos);
      if (decision instanceof LeaseAnswer.TryAgain && undecidedMs > pauseMs && !isOwnerDead()) {
        waited = true;
        lastAnswer = decision;
        timing.after(pauseMs, this::ask);
        pauseMs = timing.deadlines().lease().after(pauseMs);
      } else if (!result.complete(decision) && decision instanceof LeaseAnswer.Granted granted) {
        Futures.go(abort(key, granted.token())); // the client is gone
      }
    }

    /** Whether the owner is unreachable; no other node has the slot before its session ends. */
    private boolean isOwnerDead() {
      Member owner = cluster.owner(key.slot());
      return owner != null && !cluster.isReachable(owner);
    }

    void cancel(long request) {
      if (result.complete(LeaseAnswer.HELD)) {
        withdraw(ref, request);
      }
    }

    /** The outcome. */
    public CompletableFuture<LeaseAnswer> result() {
      return result;
    }

    /** Whether it took more than the first answer. */
    boolean hasWaited() {
      return waited;
    }

    /** Ends it with the last answer so far, unless it has ended before. */
    void end() {
      waited = true;
      if (result.complete(lastAnswer)) {
        long request = lastRequest;
        leaveQueue(request);
        withdraw(ref, request); // it may have been granted nevertheless
      }
    }

    private void leaveQueue(long request) {
      if (waiting.remove(request) == null) {
        return; // it is in no queue
      }
      acquisitions.computeIfPresent(
          client,
          (_, of) -> {
            of.remove(request);
            return of.isEmpty() ? null : of;
          });
    }

    private long remainingMs() {
      return timing.leftMs(deadlineNanos);
    }
  }

  /**
   * Gets the put-lease of one key, waiting while it is held or nobody can decide.
   *
   * @param waitMs the longest wait while another writes the key; 0 takes the first answer
   * @param undecidedMs the longest wait while nobody can decide, as while the slot changes its
   *     owner
   */
  public Acquisition acquire(
      Key key, ClientId client, long leaseMs, long waitMs, long undecidedMs) {
    Acquisition acquisition = new Acquisition(key, client, leaseMs, waitMs, undecidedMs);
    acquisition.ask();
    return acquisition;
  }

  /** An acquisition whose answer is known already. */
  Acquisition decided(Key key, ClientId client, LeaseAnswer answer) {
    Acquisition acquisition = new Acquisition(key, client, 0, 0, 0);
    acquisition.result.complete(answer);
    return acquisition;
  }

  /** Asks for many keys at once: one question per owner, no wait. */
  public CompletableFuture<List<LeaseAnswer>> acquireAll(List<Key> keys, long leaseMs) {
    List<LeaseAnswer> answers =
        new ArrayList<>(
            Collections.nCopies(keys.size(), new LeaseAnswer.TryAgain("no answer from the owner")));
    var questions = new OwnerGroups<Key>(cluster);
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
              .ask(owner, new PeerRequest.Lease(cluster.self(), first, leaseMs, 0, refs))
              .handle((given, failure) -> {
                for (int i = 0; i < group.size(); i++) {
                  if (given == null) {
                    answers.set(indices.get(i), new LeaseAnswer.TryAgain(Futures.reason(failure)));
                    withdraw(refs.get(i), first + i); // it may have been granted nevertheless
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
        cluster.askOwner(key.slot(), withdraw),
        (_, _) -> {}); // if it fails, the lease's deadline ends it
  }

  /** Takes note that a client holds a grant, which is given back when the client goes. */
  public void heldByClient(ClientId client, Key key, PutToken token) {
    grants.computeIfAbsent(client, _ -> new ConcurrentHashMap<>()).put(token, key);
  }

  /** A put under the token has begun: from now on the grant is the put's, not the client's. */
  void takenByPut(ClientId client, PutToken token) {
    grants.computeIfPresent(
        client,
        (_, of) -> {
          of.remove(token);
          return of.isEmpty() ? null : of;
        });
  }

  /** Forgets grants that ended without a put; to be called about once a second. */
  public void forgetEnded() {
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

  /** Another node carries the put out: this node neither lists the grant nor gives it back. */
  public void forwarded(ClientId client, Key key, PutToken token) {
    takenByPut(client, token);
    openPuts.ended(key.slot(), token);
  }

  /** Gives a lease back unwritten. */
  public CompletableFuture<Boolean> abort(Key key, PutToken token) {
    openPuts.ended(key.slot(), token);
    return cluster
        .askOwner(key.slot(), new PeerRequest.Abort(key.ref(), token))
        .exceptionally(_ -> false); // then the lease's deadline ends it
  }

  /** Ends the wait of a request with an answer; false if it no longer waits. */
  public boolean wake(long request, LeaseAnswer answer) {
    CompletableFuture<LeaseAnswer> woken = waiting.get(request);
    return woken != null && woken.complete(answer);
  }

  public void clientGone(ClientId client) {
    Map<PutToken, Key> held = grants.remove(client);
    if (held != null) {
      held.forEach((token, key) -> Futures.go(abort(key, token)));
    }
    Map<Long, Acquisition> queued = acquisitions.remove(client);
    if (queued != null) {
      queued.forEach((request, acquisition) -> acquisition.cancel(request));
    }
  }
}
