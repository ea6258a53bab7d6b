package io.larder.node.router.cluster;

import io.larder.coordinator.registry.ClusterImage;
import io.larder.coordinator.registry.NodeRecord;
import io.larder.node.directory.Deadlines;
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
 * The cluster as this node knows it, and the way to ask any of its nodes. A question to this node
 * itself is a call. Thread-safe; the image is replaced as a whole.
 */
public final class Cluster {
  private final String selfId;
  private final PeerTransport transport;
  private final Deadlines deadlines;
  private final Set<String> seen = ConcurrentHashMap.newKeySet();
  private volatile ClusterImage image = ClusterImage.EMPTY;
  private volatile boolean memberIsAway;
  private volatile Member self;
  private volatile @Nullable Function<PeerRequest<?>, CompletableFuture<?>> local;

  public Cluster(String selfId, PeerTransport transport, Deadlines deadlines) {
    this.selfId = selfId;
    this.transport = transport;
    this.deadlines = deadlines;
    this.self = new Member(selfId, 0);
  }

  /** Installs the service that answers the questions of this node to itself. */
  public void answerLocallyBy(Function<PeerRequest<?>, CompletableFuture<?>> service) {
    local = service;
  }

  public void setImage(ClusterImage newImage) {
    Set<String> live = newImage.nodes().keySet();
    seen.addAll(live);
    newImage.slots().ranges().forEach(range -> seen.add(range.nodeId()));
    memberIsAway = !live.containsAll(seen);
    image = newImage;
  }

  /** Whether a node is away that was in the cluster, as far as this process knows. */
  public boolean isMemberAway() {
    return memberIsAway;
  }

  public void setIncarnation(long incarnation) {
    self = new Member(selfId, incarnation);
  }

  public ClusterImage image() {
    return image;
  }

  /** This node's present incarnation; 0 before its first session. */
  public Member self() {
    return self;
  }

  /** The live owner of a slot, or null. */
  public @Nullable Member owner(int slot) {
    NodeRecord owner = image.ownerOf(slot);
    return owner == null ? null : member(owner);
  }

  public Set<Member> live() {
    Set<Member> live = new LinkedHashSet<>();
    image.nodes().values().forEach(node -> live.add(member(node)));
    return live;
  }

  /** Whether a node is draining: it takes no new records. */
  public boolean isDraining(String nodeId) {
    return image.slots().draining().contains(nodeId);
  }

  /** The live member of that id, or null. */
  public @Nullable Member member(String nodeId) {
    NodeRecord node = image.nodes().get(nodeId);
    return node == null ? null : member(node);
  }

  public boolean isSelf(Member member) {
    return member.nodeId().equals(selfId);
  }

  /** The durations of this node. */
  public Deadlines deadlines() {
    return deadlines;
  }

  /** As {@link #askOwner(int, PeerRequest, long)}, with the usual deadline. */
  public <A> CompletableFuture<A> askOwner(int slot, PeerRequest<A> request) {
    return askOwner(slot, request, deadlines.askMs());
  }

  /** As {@link #ask(Member, PeerRequest, long)}, with the usual deadline. */
  public <A> CompletableFuture<A> ask(Member to, PeerRequest<A> request) {
    return ask(to, request, deadlines.askMs());
  }

  /** Asks the owner of a slot; fails at once if it has no live owner. */
  public <A> CompletableFuture<A> askOwner(int slot, PeerRequest<A> request, long deadlineMs) {
    Member owner = owner(slot);
    if (owner == null) {
      return CompletableFuture.failedFuture(new PeerException(noOwner(slot)));
    }
    return ask(owner, request, deadlineMs);
  }

  /** Asks a node; fails unless it answers in time. This node itself answers without a deadline. */
  @SuppressWarnings("unchecked") // the service answers each request with its own answer type
  public <A> CompletableFuture<A> ask(Member to, PeerRequest<A> request, long deadlineMs) {
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
  public boolean isReachable(Member member) {
    return isSelf(member) || transport.isReachable(member);
  }

  /** Whether a slot has a live owner that can be reached as far as is known. */
  public boolean isOwnerReachable(int slot) {
    Member owner = owner(slot);
    return owner != null && isReachable(owner);
  }

  public PeerTransport transport() {
    return transport;
  }

  /** Why a slot has no live owner, for a message. */
  public String noOwner(int slot) {
    String owner = image.slots().owner(slot);
    return owner == null
        ? "slot " + slot + " has no owner yet"
        : "node " + owner + ", the owner of slot " + slot + ", is away";
  }

  private static Member member(NodeRecord node) {
    return new Member(node.nodeId(), node.incarnation());
  }
}
