package io.larder.node.simulation;

import static io.larder.node.simulation.Schedule.MS;

import io.larder.coordinator.registry.ClusterImage;
import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.MemoryPool;
import io.larder.node.block.Payload;
import io.larder.node.peer.PeerAnswerWire;
import io.larder.node.peer.PeerException;
import io.larder.node.peer.PeerRequest;
import io.larder.node.peer.PeerRequestWire;
import io.larder.node.peer.PeerTransport;
import io.larder.node.service.ClientId;
import io.larder.node.service.Member;
import io.larder.protocol.Command;
import io.larder.protocol.PutToken;
import io.larder.protocol.Reply;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The way from one life of a node to the others: the bytes of production's requests and answers,
 * over the simulated network. As in production a member that has left the image is not reached, and
 * a request for an earlier incarnation of a node reaches its present one.
 */
final class SimulatedTransport implements PeerTransport {
  private static final long FIRST_BYTE_MS = 250;
  private static final long PROBE_NS = 200 * MS;
  private static final ClientId PEER = new ClientId(-1);

  private final World world;
  private final NodeLife life;
  private final SimulatedTimer timer;
  private final Map<Member, Long> unreachableUntilNs = new HashMap<>();
  private Set<Member> members = Set.of();

  SimulatedTransport(World world, NodeLife life, SimulatedTimer timer) {
    this.world = world;
    this.life = life;
    this.timer = timer;
  }

  void setImage(ClusterImage image) {
    Set<Member> known = new HashSet<>();
    image.nodes().values().forEach(n -> known.add(new Member(n.nodeId(), n.incarnation())));
    members = known;
  }

  /** A peer that did not answer counts as unreachable for as long as production's probes need. */
  @Override
  public boolean isReachable(Member member) {
    return members.contains(member)
        && life.node().nanoClock() >= unreachableUntilNs.getOrDefault(member, Long.MIN_VALUE);
  }

  /** A call at the peer. */
  private interface Call<T> {
    CompletableFuture<T> at(NodeLife peer);
  }

  @Override
  public <A> CompletableFuture<A> ask(Member to, PeerRequest<A> request, long deadlineMs) {
    byte[] body = PeerRequestWire.encode(request);
    String name = PeerRequestWire.name(request);
    if (request instanceof PeerRequest.VoidPuts order) {
      world.checker.voided(order, life);
    }
    return call(
            to,
            request.toString(),
            peer ->
                world.mutant == Mutant.VOIDING && request instanceof PeerRequest.VoidPuts
                    ? CompletableFuture.completedFuture(
                        new Reply.Bulk(PeerAnswerWire.encode(request, true, 0)))
                    : peer.router().peer(name, List.of(body), PEER),
            deadlineMs)
        .thenApply(reply -> {
          byte[] answer = ((Reply.Bulk) reply).bytes();
          A decoded = PeerAnswerWire.decode(request, answer, life.node().nanoClock());
          world.note(life.node().id(), () -> "hears from " + to + " " + decoded);
          NodeLife there = world.node(to.nodeId()).life();
          if (request instanceof PeerRequest.VoidPuts order && there != null) {
            world.checker.voided(order, there);
          }
          if (request instanceof PeerRequest.Announce announce) {
            world.checker.announced(life.node(), to, announce, (List<?>) decoded);
          }
          return decoded;
        });
  }

  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  private record Copy(PutToken id, byte[] metadata) {}

  @Override
  public CompletableFuture<@Nullable Block> fetch(Member holder, Key key, long expiresAtMs) {
    return call(
            holder,
            "GET " + key,
            peer ->
                peer.router()
                    .getLocal(key)
                    .thenApply(found -> {
                      if (found == null) {
                        return new Copy(new PutToken(0, 0), Block.NO_METADATA);
                      }
                      found.block().payload().release();
                      return new Copy(found.block().id(), found.block().metadata());
                    }),
            FIRST_BYTE_MS)
        .thenApply(copy ->
            copy.metadata().length == 0
                ? null
                : new Block(
                    copy.id(),
                    copy.metadata(),
                    expiresAtMs,
                    world.pool.allocate(0, MemoryPool.Purpose.READ).join()));
  }

  @Override
  public CompletableFuture<Reply> put(Member to, Command put, Payload payload, long deadlineMs) {
    return CompletableFuture.failedFuture(new PeerException("draining is not simulated"));
  }

  private <T> CompletableFuture<T> call(Member to, String what, Call<T> question, long deadlineMs) {
    if (!members.contains(to)) {
      return CompletableFuture.failedFuture(new PeerException(to + " is not in the cluster now"));
    }
    SimulatedNode self = life.node();
    SimulatedNode peer = world.node(to.nodeId());
    CompletableFuture<T> answer = new CompletableFuture<>();
    ScheduledFuture<?> late =
        timer.schedule(
            () ->
                answer.completeExceptionally(
                    new PeerException("no answer in " + deadlineMs + " ms")),
            deadlineMs,
            TimeUnit.MILLISECONDS);
    answer.whenComplete((_, failure) -> {
      late.cancel(false);
      if (failure == null) {
        unreachableUntilNs.remove(to);
      } else if (deadlineMs >= PeerTransport.SILENCE_MS) {
        unreachableUntilNs.put(to, self.nanoClock() + PROBE_NS);
      }
    });
    world.note(self.id(), () -> "asks " + to + " " + what);
    world.network.send(
        self,
        peer.index(),
        () -> {
          NodeLife there = peer.life();
          if (there == null) {
            if (world.schedule.chance(0.5)) { // the host refuses, or is gone itself
              life.after(
                  MS, () -> answer.completeExceptionally(new PeerException("connection refused")));
            }
            return;
          }
          there.run(() -> {
            question
                .at(there)
                .whenComplete((reply, failure) ->
                    world.network.send(
                        peer,
                        self.index(),
                        () ->
                            life.run(() -> {
                              if (answer.isDone()) {
                                world.note(self.id(), () -> "hears too late from " + to);
                              }
                              if (failure == null) {
                                answer.complete(reply);
                              } else {
                                answer.completeExceptionally(
                                    new PeerException(String.valueOf(failure.getMessage())));
                              }
                            })));
          });
        });
    return answer;
  }
}
