package io.larder.node.peer;

import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.Payload;
import io.larder.node.service.Member;
import io.larder.protocol.Command;
import io.larder.protocol.Reply;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** How a node reaches another. Every future completes within its deadline. Thread-safe. */
public interface PeerTransport {
  /**
   * Whether another node can be reached, as far as is known: false from the moment its connection
   * breaks, or it has been silent for {@link #SILENCE_MS}, until something comes from it again.
   */
  boolean isReachable(Member member);

  /** How long a node may be silent to be taken for unreachable. */
  long SILENCE_MS = 750;

  /**
   * Asks another node.
   *
   * @return the answer, or {@link PeerException} when there is none within the deadline
   */
  <A> CompletableFuture<A> ask(Member to, PeerRequest<A> request, long deadlineMs);

  /**
   * Reads a block from the node that holds it, into this node's memory pool.
   *
   * @param expiresAtMs what the owner says of the block's expiry
   * @return the block with one reference for the caller; null if the holder does not have it;
   *     {@link PeerException} when it did not deliver in time
   */
  CompletableFuture<@Nullable Block> fetch(Member holder, Key key, long expiresAtMs);

  /**
   * Sends a put to another node, for it to carry out.
   *
   * @param put {@code KV.PUT} up to the word {@code VALUE}
   * @param payload keeps the caller's reference, which must last until the future is done
   */
  CompletableFuture<Reply> put(Member to, Command put, Payload payload, long deadlineMs);
}
