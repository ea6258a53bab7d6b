package io.larder.client;

import java.util.Optional;

/**
 * A requested block and its origin. The caller closes the block.
 *
 * @param block its bytes
 * @param origin whether it was found, waited for or computed
 * @param put the outcome of storing it; empty if it was not computed here, or if storing failed
 * @param putFailure why a computed block could not be stored; the block itself is valid
 */
public record ObtainedBlock(
    CachedBlock block,
    Origin origin,
    Optional<PutOutcome> put,
    Optional<LarderException> putFailure)
    implements AutoCloseable {

  /** The origin of a block. */
  public enum Origin {
    /** It was in the cache. */
    FOUND,
    /** Another writer was storing it, and its value was read afterwards. */
    WAITED,
    /** This caller computed it. */
    COMPUTED
  }

  @Override
  public void close() {
    block.close();
  }
}
