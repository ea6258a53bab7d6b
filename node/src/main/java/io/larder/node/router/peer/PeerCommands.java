package io.larder.node.router.peer;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.larder.node.block.Key;
import io.larder.node.block.Keyspace;
import io.larder.node.peer.PeerAnswerWire;
import io.larder.node.peer.PeerRequest;
import io.larder.node.peer.PeerRequestWire;
import io.larder.node.router.cluster.Cluster;
import io.larder.node.router.cluster.Futures;
import io.larder.node.router.move.Departures;
import io.larder.node.service.Member;
import io.larder.node.service.ServiceException;
import io.larder.node.store.BlockStore;
import io.larder.node.store.StoreStats;
import io.larder.protocol.Reply;
import io.larder.protocol.Slots;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;

/**
 * The {@code PEER.*} commands as they come over the wire: {@link PeerRequest}s of other nodes, and
 * questions of coordinators and checks to this node alone. Thread-safe.
 */
public final class PeerCommands {
  private final Cluster cluster;
  private final Keyspace keyspace;
  private final BlockStore store;
  private final PeerAnswers peers;
  private final Departures departures;
  private final LongSupplier nanoClock;

  public PeerCommands(
      Cluster cluster,
      Keyspace keyspace,
      BlockStore store,
      PeerAnswers peers,
      Departures departures,
      LongSupplier nanoClock) {
    this.cluster = cluster;
    this.keyspace = keyspace;
    this.store = store;
    this.peers = peers;
    this.departures = departures;
    this.nanoClock = nanoClock;
  }

  /** Fails with a {@link ServiceException} that names the fault of the command. */
  public CompletableFuture<Reply> answer(String name, List<byte[]> arguments) {
    return switch (name) {
      case "PEER.HOLDS" -> CompletableFuture.completedFuture(holds(arguments));
      case "PEER.USAGE" -> CompletableFuture.completedFuture(usage());
      case "PEER.MOVE" -> move(arguments);
      default -> request(name, arguments);
    };
  }

  private CompletableFuture<Reply> request(String name, List<byte[]> arguments) {
    if (arguments.size() != 1) {
      return CompletableFuture.failedFuture(
          new ServiceException("ERR " + name + " takes one argument"));
    }
    PeerRequest<?> request;
    try {
      request = PeerRequestWire.decode(name, arguments.getFirst());
    } catch (IllegalArgumentException e) {
      return CompletableFuture.failedFuture(new ServiceException("ERR " + e.getMessage()));
    }
    return peers
        .answer(request)
        .handle((answer, failure) -> {
          if (failure != null) {
            throw new ServiceException("TRYAGAIN " + Futures.reason(failure));
          }
          return new Reply.Bulk(PeerAnswerWire.encode(request, answer, nanoClock.getAsLong()));
        });
  }

  /** For each key 1 if this node's own device holds it, for the check of copies. */
  private Reply holds(List<byte[]> keys) {
    List<Reply> answers = new ArrayList<>(keys.size());
    for (byte[] bytes : keys) {
      Key key = keyspace.key(bytes);
      answers.add(Reply.of(store.find(key.slot(), key.fingerprint()) != 0 ? 1 : 0));
    }
    return new Reply.Array(answers);
  }

  /** Records that are not expired, used bytes and all bytes. */
  private Reply usage() {
    StoreStats stats = store.stats();
    return Reply.array(
        Reply.of(departures.remaining()),
        Reply.of(stats.usedBytes()),
        Reply.of(stats.capacityBytes()));
  }

  /**
   * {@code PEER.MOVE target max-bytes from-slot}: gives records to another node; answers records
   * moved, bytes moved, records kept, the slot of the next batch, and why the last one stays.
   */
  private CompletableFuture<Reply> move(List<byte[]> arguments) {
    Member target;
    long maxBytes;
    int fromSlot;
    try {
      String nodeId = new String(arguments.get(0), UTF_8);
      target = cluster.member(nodeId);
      maxBytes = Long.parseLong(new String(arguments.get(1), UTF_8));
      fromSlot = Integer.parseInt(new String(arguments.get(2), UTF_8));
      if (target == null || cluster.isSelf(target)) {
        return CompletableFuture.failedFuture(
            new ServiceException("ERR no other live node '" + nodeId + "' to move to"));
      }
      if (fromSlot < 0 || fromSlot >= Slots.COUNT) {
        throw new NumberFormatException("slot " + fromSlot);
      }
    } catch (NumberFormatException | IndexOutOfBoundsException e) {
      return CompletableFuture.failedFuture(
          new ServiceException("ERR PEER.MOVE takes target, max-bytes and from-slot", e));
    }
    return departures
        .move(target, maxBytes, fromSlot)
        .thenApply(batch ->
            Reply.array(
                Reply.of(batch.moved()),
                Reply.of(batch.movedBytes()),
                Reply.of(batch.kept()),
                Reply.of(batch.nextSlot()),
                Reply.bulk(batch.reason())));
  }
}
