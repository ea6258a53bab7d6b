package com.example.inference;

import io.larder.client.CachedBlock;
import io.larder.client.ComputedBlock;
import io.larder.client.LarderClient;
import io.larder.client.ObtainedBlock;
import io.larder.client.TensorMetadata;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Brings a prompt's KV blocks onto the GPU and computes as few of them as it can.
 *
 * <pre>
 *   prompt ─▶ keys ─▶ longestPrefix: one round trip for all keys
 *                     getAll: the stored prefix, all blocks on their way at once
 *                     putOrWait for each block after it: read, waited for or computed
 * </pre>
 *
 * <p>The cluster may be slow or gone: then everything is computed, and nothing fails. Thread-safe.
 */
public final class PrefixCache {
  private final LarderClient larder;
  private final String model;
  private final int tokensPerBlock;
  private final TensorMetadata shape;

  /**
   * A cache of one model's blocks.
   *
   * @param model everything that changes a block's bytes: name, revision, parallelism, dtype
   * @param tokensPerBlock of each block
   * @param shape what a block's bytes are
   */
  public PrefixCache(LarderClient larder, String model, int tokensPerBlock, TensorMetadata shape) {
    this.larder = larder;
    this.model = model;
    this.tokensPerBlock = tokensPerBlock;
    this.shape = shape;
  }

  /**
   * What a prompt cost.
   *
   * @param loaded blocks that came out of the cache, those waited for included
   * @param computed blocks that this server computed
   */
  public record Prefilled(int loaded, int computed) {}

  /** Returns when all of the prompt's whole blocks are on the GPU. */
  public Prefilled prefill(int[] prompt, Gpu gpu) {
    List<byte[]> keys = BlockKeys.of(model, prompt, tokensPerBlock);
    int known = larder.blocking().longestPrefix(keys);
    int loaded = loadPrefix(keys.subList(0, known), gpu);
    int computed = 0;
    for (int block = loaded; block < keys.size(); block++) {
      computed += obtain(keys.get(block), block, prompt, gpu) ? 1 : 0;
    }
    return new Prefilled(keys.size() - computed, computed);
  }

  /** A block that is evicted between the lookup and the read ends the prefix early. */
  private int loadPrefix(List<byte[]> keys, Gpu gpu) {
    List<Optional<CachedBlock>> blocks = larder.blocking().getAll(keys);
    int loaded = 0;
    while (loaded < blocks.size() && blocks.get(loaded).isPresent()) {
      gpu.load(loaded, blocks.get(loaded).get().data());
      loaded++;
    }
    blocks.forEach(block -> block.ifPresent(CachedBlock::close));
    return loaded;
  }

  /** Returns whether it was computed here. */
  private boolean obtain(byte[] key, int block, int[] prompt, Gpu gpu) {
    int[] tokens = Arrays.copyOfRange(prompt, block * tokensPerBlock, (block + 1) * tokensPerBlock);
    try (ObtainedBlock obtained =
        larder
            .blocking()
            .putOrWait(
                key,
                unused -> {
                  ByteBuffer kv = gpu.prefill(block, tokens);
                  return ComputedBlock.of(kv, shape);
                })) {
      if (obtained.origin() == ObtainedBlock.Origin.COMPUTED) {
        return true;
      }
      gpu.load(block, obtained.block().data());
      return false;
    }
  }
}
