package io.larder.protocol;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletionStage;

/**
 * Takes a block's bytes as they arrive from the socket. Called by the connection's event loop, in
 * the order {@link #begin}, then {@link #target} and {@link #arrived} for each chunk; not called at
 * all on a miss, and never again once the request's future is complete. No call may block.
 *
 * <p>An exception of any of them fails the request; the rest of the reply is read and discarded, so
 * that the connection stays usable.
 */
public interface BlockSink {

  /**
   * Called when the block was found. Reading from the socket pauses until the stage completes, so
   * that the sink can wait for memory. If the request's deadline passes first, the sink is not
   * called again and must give back memory that is granted later.
   */
  CompletionStage<Void> begin(BlockHeader header);

  /**
   * Returns the target of chunk {@code chunkIndex}: its remaining bytes are at least {@link
   * BlockHeader#chunkLength}, and as many are filled from its position on. A direct buffer is
   * filled straight from the socket. The buffer's own position and limit are not touched.
   */
  ByteBuffer target(int chunkIndex);

  /**
   * Called when the first {@code bytes} of chunk {@code chunkIndex} are in its target: the sink can
   * continue its checksum while they are in the processor's cache.
   */
  default void received(int chunkIndex, int bytes) {}

  /** Called when chunk {@code chunkIndex} is complete in its target: verify its checksum here. */
  default void arrived(int chunkIndex) {}

  /**
   * Called when the node could not deliver the rest of the block (a chunk failed its checksum, or
   * the holder went away). The request's future completes with {@code false}.
   */
  default void missed(String reason) {}
}
