package io.larder.client;

import org.jspecify.annotations.Nullable;

/**
 * The one exception of this client: the message names the thing, the cause and the remedy. Reads
 * hardly ever throw it, because a read that cannot be served is a miss.
 */
public final class LarderException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final boolean temporary;

  LarderException(String message, boolean temporary, @Nullable Throwable cause) {
    super(message, cause);
    this.temporary = temporary;
  }

  /**
   * Returns whether the same call may succeed later, because a node or a slot's owner was out of
   * reach or too slow. False if the request itself was refused.
   */
  public boolean isTemporary() {
    return temporary;
  }
}
