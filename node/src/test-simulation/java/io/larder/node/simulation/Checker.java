package io.larder.node.simulation;

import static io.larder.node.simulation.Schedule.MS;
import static io.larder.node.simulation.Schedule.SECOND;

import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.peer.PeerRequest;
import io.larder.node.service.Member;
import io.larder.node.simulation.SimulatedDisk.Entry;
import io.larder.protocol.PutToken;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Checks the promises while the cluster runs, by the records of the devices and the answers to the
 * clients, without any directory.
 *
 * <ul>
 *   <li>A read returns the bytes of one put, and never those of a refused put.
 *   <li>Two nodes never both hold a key, accepted, when both have answered the slot's owner.
 *   <li>A published record is dropped only for another copy, a delete, an eviction or its expiry.
 *   <li>A dropped put becomes visible by a crash of its node only.
 *   <li>A record that an owner has declared void is nowhere in the end, while a node remembers it.
 *   <li>A deleted value is not read a minute later, unless a node was away during the delete.
 *   <li>No call takes longer than its deadline.
 * </ul>
 */
final class Checker {
  /** The put of one client under a key; its value is the attempt's number. */
  static final class Attempt {
    final int number;
    final Key key;
    @Nullable PutToken token;
    boolean published;
    boolean refused;
    boolean dropped;
    boolean revived;
    long publishedNs = Long.MAX_VALUE;

    /** From then on no read may return it. */
    long goneFromNs = Long.MAX_VALUE;

    Attempt(int number, Key key) {
      this.number = number;
      this.key = key;
    }
  }

  private record Answered(int owner, long epoch, int slot, Member member) {}

  /** How long a value may be read from a peer's memory after its delete, with a margin. */
  private static final long HOT_NS = 61 * SECOND;

  /** How late an owner's answer may arrive and still have an effect. */
  private static final long ANSWER_UNDER_WAY_NS = 1_100 * MS;

  private static final long NEVER = Long.MAX_VALUE;

  /** The largest difference between the nodes' clocks for expiries. */
  private static final long CLOCK_SKEW_MS = 100;

  private final World world;
  private final List<Attempt> attempts = new ArrayList<>();
  private final Map<Answered, Long> answered = new HashMap<>();

  /** Per key, until when it may be absent although it was put, and the last acknowledged put. */
  private final Map<Long, Long> uncertainUntilNs = new HashMap<>();

  private final Map<Long, Integer> openDeletes = new HashMap<>();
  private final Map<Long, Long> ackedNs = new HashMap<>();

  /**
   * An owner's order that a key's values up to a token are void, and the nodes that have received
   * it.
   */
  private record Voiding(PutToken upTo, List<NodeLife> knownTo) {}

  private final Map<Long, List<Voiding>> voidings = new HashMap<>();

  private boolean calm;

  Checker(World world) {
    this.world = world;
  }

  boolean isCalm() {
    return calm;
  }

  /** No more faults from now on. */
  void calm() {
    calm = true;
  }

  // ---- puts ----

  Attempt attempt(Key key) {
    Attempt attempt = new Attempt(attempts.size() + 1, key);
    attempts.add(attempt);
    return attempt;
  }

  static byte[] metadata(Attempt attempt) {
    return ByteBuffer.allocate(4).putInt(attempt.number).array();
  }

  static int attemptOf(byte[] metadata) {
    return ByteBuffer.wrap(metadata).getInt();
  }

  private Attempt of(Entry entry) {
    return attempts.get(entry.put() - 1);
  }

  /** The client's answer is that the value is stored. */
  void stored(Attempt attempt) {
    if (attempt.refused) {
      world.violated("put " + attempt.number + " was refused and stored");
    }
    if (!attempt.published) {
      world.violated("put " + attempt.number + " was acknowledged but not published");
    }
    ackedNs.merge(attempt.key.fingerprint(), attempt.publishedNs, Math::max);
  }

  /** The client's answer is that this value is not the key's and will not be. */
  void refused(Attempt attempt) {
    attempt.refused = true;
    if (attempt.published) {
      world.violated("put " + attempt.number + " was told no, and is the key's value");
    }
  }

  /** The answer to a client that counts bytes is OK although its value was not stored. */
  void dropped(Attempt attempt) {
    attempt.dropped = true;
    if (attempt.published && !attempt.revived) {
      world.violated("put " + attempt.number + " was dropped, and is the key's value");
    }
  }

  /** An owner orders that the values of a key are void, or a node has received that order. */
  void voided(PeerRequest.VoidPuts order, NodeLife knower) {
    List<Voiding> ofKey =
        voidings.computeIfAbsent(order.key().fingerprint(), _ -> new ArrayList<>());
    for (Voiding known : ofKey) {
      if (known.upTo().equals(order.upTo())) {
        known.knownTo().add(knower);
        return;
      }
    }
    ofKey.add(new Voiding(order.upTo(), new ArrayList<>(List.of(knower))));
  }

  /** Whether an owner has declared a record void. */
  boolean isVoid(Entry entry) {
    return voidingsOf(entry.fingerprint(), entry.token()).findAny().isPresent();
  }

  /** Whether a node that has not crashed since knows that a record is void. */
  boolean isKnownVoid(Entry entry) {
    return isKnownVoid(entry.fingerprint(), entry.token());
  }

  private boolean isKnownVoid(long fingerprint, PutToken token) {
    return voidingsOf(fingerprint, token)
        .anyMatch(voiding -> voiding.knownTo().stream().anyMatch(NodeLife::isAlive));
  }

  /** Whether a record was declared void and all nodes that knew of it have crashed. */
  private boolean isForgotten(long fingerprint, PutToken token) {
    return voidingsOf(fingerprint, token).findAny().isPresent() && !isKnownVoid(fingerprint, token);
  }

  private Stream<Voiding> voidingsOf(long fingerprint, PutToken token) {
    return voidings.getOrDefault(fingerprint, List.of()).stream()
        .filter(voiding -> token.compareTo(voiding.upTo()) <= 0);
  }

  // ---- records on the devices ----

  /**
   * A record is there after a restart. A put that was not settled before the crash comes true only
   * now, which is allowed while its client has no answer.
   */
  void visible(SimulatedNode node, Entry entry) {
    if (!of(entry).published) {
      of(entry).revived = true;
    }
    world.note(node.id(), () -> "recovers put " + entry.put() + " stamp " + entry.stamp());
    becomesVisible(node, entry);
  }

  void published(SimulatedNode node, Entry entry, @Nullable Entry old) {
    world.note(node.id(), () -> "publishes put " + entry.put() + " stamp " + entry.stamp());
    becomesVisible(node, entry);
    for (SimulatedNode other : world.nodes) {
      NodeLife life = other.life();
      if (other == node || life == null) {
        continue;
      }
      Entry second = life.store().held(of(entry).key);
      if (second != null
          && !second.token().equals(entry.token()) // else it moves
          && !isVoid(second)
          && second.expiresAtMs() > node.logicalNowMs() + CLOCK_SKEW_MS
          && actsUnderPresentOwner(node, entry.slot())
          && isKnown(other, second, life.store().heldSinceNs(second))) {
        world.violated(
            "two holders of %s: put %d on %s, put %d on %s"
                .formatted(of(entry).key, entry.put(), node.id(), second.put(), other.id()));
      }
    }
  }

  /**
   * Whether the slot's owner must have known of a record when it sent the answer that takes effect
   * now: it accepted the record itself, or it learned of it longer ago than its answers may take.
   */
  private boolean isKnown(SimulatedNode holder, Entry record, long heldSinceNs) {
    long answeredNs = answeredNs(holder, record.slot());
    return answeredNs != NEVER
        && (heldSinceNs > answeredNs || answeredNs + ANSWER_UNDER_WAY_NS < world.schedule.nowNs());
  }

  /**
   * Whether a node cannot act in a slot by a message of an earlier owner: it has answered the
   * present owner, or no message that old can still arrive.
   */
  private boolean actsUnderPresentOwner(SimulatedNode node, int slot) {
    SimulatedZooKeeper.PutLease lease = world.zooKeeper.putLease(slot);
    return lease != null
        && (answeredNs(node, slot) != NEVER
            || Math.max(lease.sinceNs(), node.stalledUntilNs()) + ANSWER_UNDER_WAY_NS
                < world.schedule.nowNs());
  }

  private void becomesVisible(SimulatedNode node, Entry entry) {
    Attempt attempt = of(entry);
    if (attempt.refused) {
      world.violated(
          "put " + entry.put() + " was told no, and is there on " + node.id() + " all the same");
    }
    if (attempt.dropped && !attempt.revived) {
      world.violated("put " + entry.put() + " was dropped, and is there on " + node.id());
    }
    attempt.published = true;
    attempt.token = entry.token();
    attempt.publishedNs = Math.min(attempt.publishedNs, world.schedule.nowNs());
  }

  void discarded(SimulatedNode node, Entry entry) {
    world.note(node.id(), () -> "discards put " + entry.put() + " stamp " + entry.stamp());
  }

  void evicted(SimulatedNode node, Entry entry) {
    world.note(node.id(), () -> "evicts put " + entry.put() + " stamp " + entry.stamp());
    uncertain(entry.fingerprint(), 0);
  }

  /** A published record's tombstone is durable. */
  void deleted(SimulatedNode node, Entry entry) {
    world.note(node.id(), () -> "deletes put " + entry.put() + " stamp " + entry.stamp());
    boolean elsewhere =
        world.nodes.stream().anyMatch(n -> n != node && n.disk().holds(entry.fingerprint()));
    boolean mayGo = mayBeGone(entry.fingerprint(), of(entry).publishedNs);
    boolean expires = entry.expiresAtMs() != Block.NEVER;
    if (!elsewhere && !mayGo && !expires && !isVoid(entry)) {
      world.violated(
          "put %d, the last copy of %s, was dropped on %s"
              .formatted(entry.put(), of(entry).key, node.id()));
    }
  }

  // ---- deletes ----

  /** The state of the cluster when a client begins to delete. */
  record Delete(Key key, long membershipChanges, long claim, List<Attempt> stored, long beganNs) {}

  /** The claim that holds a slot's put-lease; 0 = none. */
  private long claim(int slot) {
    SimulatedZooKeeper.PutLease lease = world.zooKeeper.putLease(slot);
    return lease == null ? 0 : lease.zxid();
  }

  Delete deleteBegins(Key key) {
    openDeletes.merge(key.fingerprint(), 1, Integer::sum);
    List<Attempt> stored = new ArrayList<>();
    for (Attempt attempt : attempts) {
      if (attempt.key.equals(key) && attempt.published) {
        stored.add(attempt);
      }
    }
    return new Delete(
        key,
        world.zooKeeper.membershipChanges(),
        claim(key.slot()),
        stored,
        world.schedule.nowNs());
  }

  /** The client's answer is that the key was deleted. */
  void deleteEnds(Delete delete) {
    ended(delete, 3 * SECOND); // the owner may receive the request twice
    boolean allThere =
        delete.membershipChanges() == world.zooKeeper.membershipChanges()
            && delete.claim() == claim(delete.key().slot()) // else an earlier one may have done it
            && world.nodes.stream()
                .noneMatch(node -> answeredNs(node, delete.key().slot()) == NEVER);
    if (allThere) {
      for (Attempt attempt : delete.stored()) {
        if (world.nodes.stream().noneMatch(node -> node.hasUnseen(attempt))) {
          attempt.goneFromNs = Math.min(attempt.goneFromNs, world.schedule.nowNs() + HOT_NS);
        }
      }
    }
  }

  /** A delete that may still come true. */
  void deleteUnknown(Delete delete) {
    ended(delete, 10 * SECOND);
  }

  private void ended(Delete delete, long mayHappenNs) {
    openDeletes.merge(delete.key().fingerprint(), -1, Integer::sum);
    uncertain(delete.key().fingerprint(), mayHappenNs);
  }

  private void uncertain(long fingerprint, long ns) {
    uncertainUntilNs.merge(fingerprint, world.schedule.nowNs() + ns, Math::max);
  }

  // ---- reads ----

  void read(SimulatedNode at, Key key, long beganNs, Block block) {
    int number = attemptOf(block.metadata());
    Attempt attempt = attempts.get(number - 1);
    if (!attempt.key.equals(key)) {
      world.violated("a read of " + key + " gave the value of " + attempt.key);
    }
    if (!attempt.published || !block.id().equals(attempt.token)) {
      world.violated("a read gave put " + number + ", which was never accepted");
    }
    if (attempt.refused) {
      world.violated("a read gave put " + number + ", which was told no");
    }
    if (beganNs > attempt.goneFromNs
        && !attempt.revived
        && !isForgotten(key.fingerprint(), block.id())) {
      world.violated(
          "put " + number + " was read at " + at.id() + " more than a minute after its delete");
    }
  }

  /** A call has ended. */
  void took(SimulatedNode node, String what, long ns, long boundMs) {
    if (ns > boundMs * MS) {
      world.violated(
          node.id() + ": " + what + " took " + ns / MS + " ms, more than " + boundMs + " ms");
    }
  }

  // ---- owners ----

  /** A node has answered the owner of slots, which now knows its records. */
  void announced(SimulatedNode owner, Member from, PeerRequest.Announce asked, List<?> answers) {
    for (Object answer : answers) {
      int slot = ((PeerRequest.SlotAnnouncement) answer).slot();
      for (PeerRequest.SlotEpoch slotEpoch : asked.slots()) {
        if (slotEpoch.slot() == slot) {
          answered.putIfAbsent(
              new Answered(owner.index(), slotEpoch.epoch(), slot, from), world.schedule.nowNs());
        }
      }
    }
  }

  /** An owner asks itself by a call. */
  void claimTold(SimulatedNode owner, int[] slots, long epoch) {
    Member self = new Member(owner.id(), world.zooKeeper.incarnationOf(owner.id()));
    for (int slot : slots) {
      answered.putIfAbsent(new Answered(owner.index(), epoch, slot, self), world.schedule.nowNs());
    }
  }

  /** When a node's present incarnation answered the present owner of the slot; or never. */
  private long answeredNs(SimulatedNode node, int slot) {
    SimulatedZooKeeper.PutLease lease = world.zooKeeper.putLease(slot);
    NodeLife life = node.life();
    long incarnation = life == null ? 0 : life.session().incarnation();
    if (lease == null
        || incarnation == 0
        || incarnation != world.zooKeeper.incarnationOf(node.id())) {
      return NEVER;
    }
    Member member = new Member(node.id(), incarnation);
    int owner = world.node(lease.nodeId()).index();
    return answered.getOrDefault(new Answered(owner, lease.zxid(), slot, member), NEVER);
  }

  // ---- at the end ----

  /** Whether the key must be found now that all is settled. */
  boolean mustBeThere(Key key) {
    Long acked = ackedNs.get(key.fingerprint());
    return acked != null && !mayBeGone(key.fingerprint(), acked) && !world.profile.expiries();
  }

  /** Whether a record that was published then may have been deleted or evicted since. */
  private boolean mayBeGone(long fingerprint, long publishedNs) {
    return openDeletes.getOrDefault(fingerprint, 0) > 0
        || uncertainUntilNs.getOrDefault(fingerprint, -1L) >= publishedNs;
  }
}
