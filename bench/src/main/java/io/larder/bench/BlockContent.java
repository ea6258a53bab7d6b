package io.larder.bench;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.OptionalInt;

/**
 * The bytes of a computed block, a function of its id and of the server that computed it. Two GPUs
 * agree on a block but for the low bits, so the salt of the server that computed it flips the low
 * bit of some bytes: a block put together from two servers' answers is recognised.
 *
 * <p>Word i of block b is {@code splitmix64(mix(b) + i)} (Steele, Lea and Flood, 2014), XORed with
 * the salt spread over the low bits of its eight bytes. Verifying generates the same words again
 * and checks that the difference is the same salt everywhere.
 */
public final class BlockContent {
  /** The largest salt; the smallest is 1. */
  public static final int MAX_SALT = 255;

  private static final long LOW_BITS = 0x0101010101010101L;
  private static final long GOLDEN = 0x9e3779b97f4a7c15L;
  private static final VarHandle WORD =
      MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private BlockContent() {}

  /** Fills {@code block} from position to limit; the position does not move. */
  public static void fill(ByteBuffer block, long id, int salt) {
    long seed = mix(id ^ GOLDEN);
    long low = spread(salt);
    int at = block.position();
    int end = block.limit();
    for (; at + 8 <= end; at += 8) {
      WORD.set(block, at, mix(seed += GOLDEN) ^ low);
    }
    if (at < end) {
      long last = mix(seed + GOLDEN) ^ low;
      for (; at < end; at++, last >>>= 8) {
        block.put(at, (byte) last);
      }
    }
  }

  /**
   * Finds the one salt that explains every byte from position to limit.
   *
   * @return the salt, 0 if the block is shorter than a word; empty if no one salt explains all
   */
  public static OptionalInt verify(ByteBuffer block, long id) {
    long seed = mix(id ^ GOLDEN);
    int at = block.position();
    int end = block.limit();
    if (end - at < 8) {
      return OptionalInt.of(0);
    }
    long low = (long) WORD.get(block, at) ^ mix(seed + GOLDEN);
    long wrong = low & ~LOW_BITS;
    for (; at + 8 <= end; at += 8) {
      wrong |= (long) WORD.get(block, at) ^ mix(seed += GOLDEN) ^ low;
    }
    if (at < end) {
      long last = mix(seed + GOLDEN) ^ low;
      for (; at < end; at++, last >>>= 8) {
        wrong |= (byte) last ^ block.get(at);
      }
    }
    return wrong == 0 ? OptionalInt.of(gather(low)) : OptionalInt.empty();
  }

  /** Bit i of the salt becomes the low bit of byte i. */
  private static long spread(int salt) {
    if (salt < 1 || salt > MAX_SALT) {
      throw new IllegalArgumentException("salt " + salt + ": 1 to " + MAX_SALT);
    }
    return Long.expand(salt, LOW_BITS);
  }

  private static int gather(long low) {
    return (int) Long.compress(low, LOW_BITS);
  }

  private static long mix(long value) {
    long z = value;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
