package io.larder.protocol;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Keeps a block in direct memory, so that the socket reads into it. */
class CollectingSink implements BlockSink {
  final List<Integer> arrived = new ArrayList<>();
  @Nullable BlockHeader header;
  @Nullable ByteBuffer memory;
  @Nullable String reason;

  @Override
  public CompletionStage<Void> begin(BlockHeader given) {
    header = given;
    memory = ByteBuffer.allocateDirect(given.length());
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public ByteBuffer target(int chunkIndex) {
    BlockHeader given = Objects.requireNonNull(header);
    return Objects.requireNonNull(memory)
        .slice(chunkIndex * Limits.CHUNK_BYTES, given.chunkLength(chunkIndex));
  }

  @Override
  public void arrived(int chunkIndex) {
    arrived.add(chunkIndex);
  }

  @Override
  public void missed(String why) {
    reason = why;
  }

  byte[] bytes() {
    ByteBuffer all = Objects.requireNonNull(memory).duplicate();
    byte[] bytes = new byte[all.remaining()];
    all.get(bytes);
    return bytes;
  }
}
