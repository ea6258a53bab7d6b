package io.larder.bench;

import io.larder.protocol.Limits;
import java.time.Duration;

/**
 * The amount of work of a run.
 *
 * @param blockBytes size of a block, 8 bytes to 128 MiB
 * @param servers inference servers, 1 to {@link BlockContent#MAX_SALT}
 * @param herdBlocks new blocks that all servers want at once; 0 for no herd
 * @param patience the time from the last fault until the cluster must be settled and every stored
 *     block readable
 */
public record DemoOptions(int blockBytes, int servers, int herdBlocks, Duration patience) {
  /** 64 KiB: the demo then runs on a laptop. Real blocks are 0.25 to 80 MiB. */
  public static final int DEFAULT_BLOCK_BYTES = 64 << 10;

  /** The default number of inference servers. */
  public static final int DEFAULT_SERVERS = 3;

  /** Blocks of the herd. */
  public static final int HERD_BLOCKS = 64;

  public DemoOptions {
    if (blockBytes < 8 || blockBytes > Limits.MAX_VALUE_BYTES) {
      throw new IllegalArgumentException(
          "a block of %d bytes: 8 bytes to %d".formatted(blockBytes, Limits.MAX_VALUE_BYTES));
    }
    if (servers < 1 || servers > BlockContent.MAX_SALT) {
      throw new IllegalArgumentException(
          "%d servers: 1 to %d".formatted(servers, BlockContent.MAX_SALT));
    }
  }
}
