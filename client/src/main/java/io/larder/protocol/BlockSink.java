package io.larder.protocol;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletionStage;

/**
 * Takes a block's bytes as they arrive from the socket. Called by the connection's event loop, in
 * the order {@link #begin}, then {@link #target} and {@link #arrived} for each chunk; not called at
 * all on a miss, and never again once the request's future is complete. No call may block.
 *
 * <p>An exception out of any of them fails the request; what is left of the reply is read and
 * thrown away, so that the connection stays usable.
 */
public interface BlockSink {

  /**
   * The block was found. Reading from the socket pauses until the stage completes, so that memory
   * may be waited for; the request's deadline goes on, and when it passes first the sink is not
   * called again: memory granted later is the sink's to give back.
   */
  CompletionStage<Void> begin(BlockHeader header);

  /**
   * Where chunk {@code chunkIndex} goes: its remaining bytes are at least {@link
   * BlockHeader#chunkLength}, and as many are filled from its position on. A direct buffer is
   * filled straight from the socket. The buffer's own position and limit are not touched.
   */
  ByteBuffer target(int chunkIndex);

  /**
   * The first {@code bytes} of chunk {@code chunkIndex} are in its target: the place to go on with
   * its checksum, while they are in the processor's cache.
   */
  default void received(int chunkIndex, int bytes) {}

  /** Chunk {@code chunkIndex} is complete in its target: the place to verify its checksum. */
  default void arrived(int chunkIndex) {}

  /**
   * The node could not deliver the rest of the block (a chunk failed its checksum, or the holder
   * went away). The request's future becomes {@code false}.
   */
  default void missed(String reason) {}
}
