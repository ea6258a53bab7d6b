package io.larder.client;

import io.larder.protocol.PutToken;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;

/**
 * {@link LarderClient}'s calls for a thread that may block: each waits for its future, which has a
 * deadline. Must not be called on a thread that completes the client's futures. Thread-safe.
 *
 * <p>Throws {@link LarderException} where the future would fail with it. An interrupt ends the wait
 * with {@link LarderException} and leaves the thread's flag set; the call itself goes on.
 */
public final class BlockingLarder {
  private final LarderClient client;

  BlockingLarder(LarderClient client) {
    this.client = client;
  }

  /** See {@link BlockReader#get}. */
  public Optional<CachedBlock> get(byte[] key) {
    return await(client.reader().get(key));
  }

  /** See {@link BlockReader#getAll}. */
  public List<Optional<CachedBlock>> getAll(List<byte[]> keys) {
    return await(client.reader().getAll(keys));
  }

  /** See {@link BlockReader#getInto}. */
  public Optional<BlockInfo> getInto(byte[] key, ByteBuffer into) {
    return await(client.reader().getInto(key, into));
  }

  /** See {@link BlockReader#contains}. */
  public boolean[] contains(List<byte[]> keys) {
    return await(client.reader().contains(keys));
  }

  /** See {@link BlockReader#longestPrefix}. */
  public int longestPrefix(List<byte[]> keys) {
    return await(client.reader().longestPrefix(keys));
  }

  /** See {@link BlockReader#locate}. */
  public List<Optional<BlockLocation>> locate(List<byte[]> keys) {
    return await(client.reader().locate(keys));
  }

  /** See {@link BlockWriter#put}. */
  public PutOutcome put(byte[] key, ByteBuffer value, PutOptions options) {
    return await(client.writer().put(key, value, options));
  }

  /**
   * See {@link BlockWriter#putAll}; throws the exception of the first put that failed, after all
   * have ended.
   */
  public List<PutOutcome> putAll(List<BlockPut> blocks) {
    List<CompletableFuture<PutOutcome>> puts = client.writer().putAll(blocks);
    CompletableFuture<?> ended =
        CompletableFuture.allOf(puts.toArray(CompletableFuture<?>[]::new))
            .handle((none, error) -> true);
    var unused = await(ended);
    return puts.stream().map(BlockingLarder::await).toList();
  }

  /** See {@link BlockWriter#lease}. */
  public List<LeaseOutcome> lease(List<byte[]> keys) {
    return await(client.writer().lease(keys));
  }

  /** See {@link BlockWriter#abort}. */
  public boolean abort(byte[] key, PutToken token) {
    return await(client.writer().abort(key, token));
  }

  /** See {@link BlockWriter#commit}. */
  public CommitOutcome commit(byte[] key, PutToken token) {
    return await(client.writer().commit(key, token));
  }

  /** See {@link BlockWriter#pin}. */
  public boolean pin(byte[] key) {
    return await(client.writer().pin(key));
  }

  /** See {@link BlockWriter#unpin}. */
  public boolean unpin(byte[] key) {
    return await(client.writer().unpin(key));
  }

  /** See {@link BlockWriter#delete(byte[])}. */
  public boolean delete(byte[] key) {
    return await(client.writer().delete(key));
  }

  /** See {@link LarderClient#putOrWait}. */
  public ObtainedBlock putOrWait(byte[] key, Function<byte[], ComputedBlock> compute) {
    return await(client.putOrWait(key, compute));
  }

  /** See {@link LarderClient#putOrWaitAll}. */
  public List<ObtainedBlock> putOrWaitAll(
      List<byte[]> keys, Function<byte[], ComputedBlock> compute) {
    return client.putOrWaitAll(keys, compute).stream().map(BlockingLarder::await).toList();
  }

  private static <T> T await(CompletableFuture<T> future) {
    try {
      return future.get();
    } catch (ExecutionException e) {
      Throwable cause = Calls.unwrap(e.getCause() == null ? e : e.getCause());
      if (cause instanceof LarderException known) {
        // The caller's own stack, with the original below it.
        throw new LarderException(String.valueOf(known.getMessage()), known.isTemporary(), known);
      }
      if (cause instanceof RuntimeException known) {
        throw known;
      }
      throw new LarderException("the call failed: " + cause.getMessage(), false, cause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LarderException("interrupted while waiting for an answer", true, e);
    }
  }
}
