package io.larder.node.peer;

import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.MemoryPool;
import io.larder.node.block.Payload;
import io.larder.node.service.Member;
import io.larder.protocol.Command;
import io.larder.protocol.ConnectionOptions;
import io.larder.protocol.Reply;
import io.larder.protocol.Tls;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Links to the other nodes over RESP, one {@link PeerLink} a member, probed for signs of life, and
 * closed when the member has left the cluster. Thread-safe.
 */
public final class PeerLinks implements PeerTransport, AutoCloseable {
  private static final int THREADS = 2;

  /** Where a member listens. */
  public record Address(String host, int port) {}

  /** Often enough for a dead link to be known within a second. */
  private static final long PROBE_MS = 200;

  private final MemoryPool pool;
  private final String nodeId;
  private final ConnectionOptions options;
  private final long deadlineMs;
  private final EventLoopGroup group;
  private final Map<Member, PeerLink> links = new ConcurrentHashMap<>();
  private volatile Function<Member, @Nullable Address> addresses = _ -> null;

  /**
   * @param pool where fetched blocks are put
   * @param password of the nodes, or null
   * @param tls how peers are connected to; null for plain connections
   * @param deadlineMs how long a peer may take until a block's first byte
   */
  public PeerLinks(
      MemoryPool pool,
      String nodeId,
      @Nullable String password,
      @Nullable Tls tls,
      long deadlineMs) {
    this.pool = pool;
    this.nodeId = nodeId;
    this.options =
        ConnectionOptions.DEFAULTS
            .withConnectTimeoutMs(1_000)
            .withPassword(password)
            .withTls(tls)
            .withClientName("peer:" + nodeId)
            .withMaxPending(16_384);
    this.deadlineMs = deadlineMs;
    this.group =
        new MultiThreadIoEventLoopGroup(
            THREADS,
            new DefaultThreadFactory("larder-peer", true),
            Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
    var _ =
        group.next().scheduleWithFixedDelay(this::probe, PROBE_MS, PROBE_MS, TimeUnit.MILLISECONDS);
  }

  private void probe() {
    links.values().forEach(PeerLink::probe);
  }

  /** Replaces the known members; links to those that are gone are closed. */
  public void setMembers(Map<Member, Address> members) {
    Map<Member, Address> known = Map.copyOf(members);
    addresses = known::get;
    Set<Member> gone = new HashSet<>(links.keySet());
    gone.removeAll(known.keySet());
    for (Member member : gone) {
      PeerLink link = links.remove(member);
      if (link != null) {
        link.close();
      }
    }
    for (Member member : known.keySet()) {
      if (!member.nodeId().equals(nodeId)) {
        var _ = link(member); // so that it is probed before it is needed
      }
    }
  }

  @Override
  public boolean isReachable(Member member) {
    PeerLink link = link(member);
    return link != null && link.isAlive();
  }

  @Override
  public <A> CompletableFuture<A> ask(Member to, PeerRequest<A> request, long askDeadlineMs) {
    PeerLink link = link(to);
    return link == null ? unknown(to) : link.ask(request, askDeadlineMs);
  }

  @Override
  public CompletableFuture<@Nullable Block> fetch(Member holder, Key key, long expiresAtMs) {
    PeerLink link = link(holder);
    if (link == null) {
      return unknown(holder);
    }
    return link.fetch(key, expiresAtMs);
  }

  @Override
  public CompletableFuture<Reply> put(Member to, Command put, Payload payload, long putDeadlineMs) {
    PeerLink link = link(to);
    return link == null ? unknown(to) : link.put(put, payload, putDeadlineMs);
  }

  private @Nullable PeerLink link(Member member) {
    PeerLink known = links.get(member);
    if (known != null) {
      return known;
    }
    Address address = addresses.apply(member);
    return address == null
        ? null
        : links.computeIfAbsent(
            member, _ -> new PeerLink(group, member.nodeId(), address, options, pool, deadlineMs));
  }

  private static <T extends @Nullable Object> CompletableFuture<T> unknown(Member member) {
    return CompletableFuture.failedFuture(
        new PeerException("node " + member + " is not in the cluster now"));
  }

  @Override
  public void close() {
    links.values().forEach(PeerLink::close);
    var _ = group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }
}
