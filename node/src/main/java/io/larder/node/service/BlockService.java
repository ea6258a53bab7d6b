package io.larder.node.service;

import io.larder.node.block.Key;
import io.larder.node.block.Keyspace;
import io.larder.node.block.MemoryPool;
import io.larder.node.block.Payload;
import io.larder.protocol.PutToken;
import io.larder.protocol.Reply;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The whole cluster's blocks as one node serves them.
 *
 * <p>Every method is called on an event loop and must return without blocking; its future may be
 * complete already (then the reply leaves in the same loop turn) or complete on any thread. Every
 * future completes within a deadline of the implementation's choosing, exceptionally with a {@link
 * ServiceException} whose message is sent to the client as it is. Thread-safe.
 */
public interface BlockService {

  /** The memory of arriving payloads. */
  MemoryPool pool();

  /** Makes the keys of this cluster. */
  Keyspace keyspace();

  /** The largest value this node's device takes, in bytes. */
  int maxValueBytes();

  /**
   * Finds a block anywhere in the cluster; null is a miss. Its chunks may still be arriving, see
   * {@link Payload#watch}.
   */
  CompletableFuture<@Nullable Found> get(Key key);

  /** As {@link #get}, in this node's own memory or device only, for a peer. */
  CompletableFuture<@Nullable Found> getLocal(Key key);

  /**
   * Announces a put whose payload's memory is granted and whose bytes are about to arrive, so that
   * asking for the put-lease overlaps with their arrival. Exactly one of the handle's methods is
   * called, once.
   */
  PutHandle beginPut(Key key, PutOptions options, ClientId client);

  /** A put whose payload is arriving. */
  interface PutHandle {
    /**
     * The payload is complete, every chunk's CRC set. The implementation takes over its one
     * reference, even if the put fails.
     */
    CompletableFuture<PutOutcome> complete(Payload payload);

    /** The payload will not come: its client is gone, too slow, or sent bad bytes. */
    void abandon();
  }

  /** Whether this node itself holds a key; often enough to answer without the other nodes. */
  boolean isHere(Key key);

  /** For each key in order whether the cluster holds it. */
  CompletableFuture<boolean[]> contains(List<Key> keys);

  /** How many keys the cluster holds, from the first on without a gap. */
  CompletableFuture<Integer> prefix(List<Key> keys);

  /**
   * Deletes; returns how many of the keys were there.
   *
   * @param retryMs for how long a failed delete is retried; a retry does not delete a value that
   *     was put after the first attempt
   */
  CompletableFuture<Integer> delete(List<Key> keys, long retryMs);

  /** The milliseconds a key has left, or {@link #TTL_ABSENT} or {@link #TTL_NONE}, as in Redis. */
  CompletableFuture<Long> ttlMs(Key key);

  /** Of {@link #ttlMs}: there is no such key. */
  long TTL_ABSENT = -2;

  /** Of {@link #ttlMs}: the key does not expire. */
  long TTL_NONE = -1;

  /** The value's length in bytes, 0 if absent. */
  CompletableFuture<Integer> valueLength(Key key);

  /**
   * Requests the put-lease of each key.
   *
   * @param waitMs how long to wait on {@code HELD}; 0 unless there is one key
   * @param ttlMs how long a granted lease lasts
   * @param client the holder of the leases; {@link #clientGone} ends them
   * @return an answer for each key, in order
   */
  CompletableFuture<List<LeaseAnswer>> lease(
      List<Key> keys, long waitMs, long ttlMs, ClientId client);

  /** The outcome of the put under a token. */
  CompletableFuture<CommitAnswer> commit(Key key, PutToken token);

  /** Releases a put-lease; false if that token does not hold it. */
  CompletableFuture<Boolean> abort(Key key, PutToken token);

  /** The location of each key, in order; null for an absent key. */
  CompletableFuture<List<@Nullable BlockLocation>> locate(List<Key> keys);

  /** Exempts a key from eviction or ends that; false if the key is absent. */
  CompletableFuture<Boolean> pin(Key key, boolean on);

  /** The cluster as this node knows it now; immutable and cheap to ask for. */
  ClusterView cluster();

  /** How many live records this node's device holds, for INFO and DBSIZE. */
  long localKeyCount();

  /** What this node reports of itself, for INFO. */
  NodeAccount account();

  /**
   * Serves a PEER command other than {@code PEER.GET}.
   *
   * @param name in capitals, with the family: {@code PEER.HELLO}
   * @param arguments those after the name; each bounded by the server
   * @return the reply; a {@link ServiceException} for an unknown name
   */
  CompletableFuture<Reply> peer(String name, List<byte[]> arguments, ClientId client);

  /** Aborts a closed connection's leases and removes it from every queue. */
  void clientGone(ClientId client);
}
