package io.larder.node.peer;

import io.larder.node.block.Block;
import io.larder.node.block.MemoryPool;
import io.larder.node.block.Payload;
import io.larder.protocol.BlockHeader;
import io.larder.protocol.BlockSink;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Takes a peer's block into the memory pool, verifying each chunk as it is complete. */
final class FetchSink implements BlockSink {
  private final MemoryPool pool;
  private final long expiresAtMs;
  private final Runnable heard;
  private @Nullable BlockHeader header;
  private @Nullable CompletableFuture<Payload> allocation;
  private boolean finished;

  /**
   * @param heard told whenever something has come
   */
  FetchSink(MemoryPool pool, long expiresAtMs, Runnable heard) {
    this.pool = pool;
    this.expiresAtMs = expiresAtMs;
    this.heard = heard;
  }

  @Override
  public synchronized CompletionStage<Void> begin(BlockHeader header) {
    heard.run();
    if (finished) {
      throw new PeerException("the request is over");
    }
    this.header = header;
    CompletableFuture<Payload> wanted = pool.allocate(header.length(), MemoryPool.Purpose.READ);
    allocation = wanted;
    return wanted.thenApply(_ -> null);
  }

  @Override
  public ByteBuffer target(int chunkIndex) {
    return payload().chunk(chunkIndex);
  }

  @Override
  public void arrived(int chunkIndex) {
    heard.run();
    int expected = header().crcs()[chunkIndex];
    if (payload().computeCrc(chunkIndex) != expected) {
      throw new PeerException("chunk " + chunkIndex + " fails its checksum");
    }
    payload().setCrc(chunkIndex, expected);
  }

  /** Ends the fetch: the block on success, else null and the memory is given back. */
  synchronized @Nullable Block finish(boolean success) {
    finished = true;
    CompletableFuture<Payload> memory = allocation;
    if (memory == null) {
      return null;
    }
    if (success) {
      return new Block(header().id(), header().metadata(), expiresAtMs, payload());
    }
    if (!memory.cancel(false) && !memory.isCompletedExceptionally()) {
      memory.join().release();
    }
    return null;
  }

  private BlockHeader header() {
    BlockHeader known = header;
    if (known == null) {
      throw new IllegalStateException("no block has begun");
    }
    return known;
  }

  private Payload payload() {
    CompletableFuture<Payload> memory = allocation;
    if (memory == null) {
      throw new IllegalStateException("no block has begun");
    }
    return memory.join();
  }
}
