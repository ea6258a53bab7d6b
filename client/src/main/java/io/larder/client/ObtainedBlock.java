package io.larder.client;

import java.util.Optional;

/**
 * A block that was wanted, and how it was come by. The caller closes the block.
 *
 * @param block its bytes
 * @param origin found, waited for or computed
 * @param put what became of storing it; empty when it was not computed here, or when storing failed
 * @param putFailure why a computed block could not be stored; the block is good all the same
 */
public record ObtainedBlock(
    CachedBlock block,
    Origin origin,
    Optional<PutOutcome> put,
    Optional<LarderException> putFailure)
    implements AutoCloseable {

  /** How a block was come by. */
  public enum Origin {
    /** It was in the cache. */
    FOUND,
    /** Another writer was at it, and its value was read when it had finished. */
    WAITED,
    /** This caller computed it. */
    COMPUTED
  }

  @Override
  public void close() {
    block.close();
  }
}
