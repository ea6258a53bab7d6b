package io.larder.node.router;

import io.larder.coordinator.registry.ClusterImage;
import io.larder.coordinator.registry.NodeRecord;
import io.larder.node.peer.PeerException;
import io.larder.node.peer.PeerRequest;
import io.larder.node.peer.PeerTransport;
import io.larder.node.service.Member;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The cluster as this node knows it, and the way to ask any of its nodes, this one included: a
 * question to oneself is answered by a call. Thread-safe; the image is replaced as a whole.
 */
final class Cluster {
  private final String selfId;
  private final PeerTransport transport;
  private final Set<String> seen = ConcurrentHashMap.newKeySet();
  private volatile ClusterImage image = ClusterImage.EMPTY;
  private volatile boolean someoneIsAway;
  private volatile Member self;
  private volatile @Nullable Function<PeerRequest<?>, CompletableFuture<?>> local;

  Cluster(String selfId, PeerTransport transport) {
    this.selfId = selfId;
    this.transport = transport;
    this.self = new Member(selfId, 0);
  }

  /** Installs what answers the questions of this node to itself. */
  void answerLocallyBy(Function<PeerRequest<?>, CompletableFuture<?>> service) {
    local = service;
  }

  void setImage(ClusterImage newImage) {
    Set<String> live = newImage.nodes().keySet();
    seen.addAll(live);
    newImage.slots().ranges().forEach(range -> seen.add(range.nodeId()));
    someoneIsAway = !live.containsAll(seen);
    image = newImage;
  }

  /** Whether a node that was in the cluster, as far as this process knows, is not there now. */
  boolean isSomeoneAway() {
    return someoneIsAway;
  }

  void setIncarnation(long incarnation) {
    self = new Member(selfId, incarnation);
  }

  ClusterImage image() {
    return image;
  }

  /** This node's present incarnation; 0 before its first session. */
  Member self() {
    return self;
  }

  /** The live owner of a slot, or null. */
  @Nullable Member owner(int slot) {
    NodeRecord owner = image.ownerOf(slot);
    return owner == null ? null : member(owner);
  }

  Set<Member> live() {
    Set<Member> live = new LinkedHashSet<>();
    image.nodes().values().forEach(node -> live.add(member(node)));
    return live;
  }

  /** Whether a node is to be emptied: it takes no new records. */
  boolean isDraining(String nodeId) {
    return image.slots().draining().contains(nodeId);
  }

  /** The live member of that id, or null. */
  @Nullable Member member(String nodeId) {
    NodeRecord node = image.nodes().get(nodeId);
    return node == null ? null : member(node);
  }

  boolean isSelf(Member member) {
    return member.nodeId().equals(selfId);
  }

  /** Asks the owner of a slot; fails at once if it has none that is live. */
  <A> CompletableFuture<A> askOwner(int slot, PeerRequest<A> request, long deadlineMs) {
    Member owner = owner(slot);
    if (owner == null) {
      return CompletableFuture.failedFuture(new PeerException(noOwner(slot)));
    }
    return ask(owner, request, deadlineMs);
  }

  @SuppressWarnings("unchecked") // the service answers each request with its own answer type
  <A> CompletableFuture<A> ask(Member to, PeerRequest<A> request, long deadlineMs) {
    if (!isSelf(to)) {
      return transport.ask(to, request, deadlineMs);
    }
    Function<PeerRequest<?>, CompletableFuture<?>> service = local;
    if (service == null) {
      return CompletableFuture.failedFuture(new PeerException("this node is still starting"));
    }
    return (CompletableFuture<A>) service.apply(request);
  }

  /** Whether a member is this node, or can be reached as far as is known. */
  boolean isReachable(Member member) {
    return isSelf(member) || transport.isReachable(member);
  }

  /** Whether the owner of a slot is there and can be reached as far as is known. */
  boolean isOwnerReachable(int slot) {
    Member owner = owner(slot);
    return owner != null && isReachable(owner);
  }

  PeerTransport transport() {
    return transport;
  }

  String noOwner(int slot) {
    String owner = image.slots().owner(slot);
    return owner == null
        ? "slot " + slot + " has no owner yet"
        : "node " + owner + ", the owner of slot " + slot + ", is away";
  }

  private static Member member(NodeRecord node) {
    return new Member(node.nodeId(), node.incarnation());
  }
}
