package io.larder.testkit.local;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A part of a local cluster cannot be started or stopped; the message names part, cause and remedy.
 */
public final class LocalClusterException extends IOException {
  private static final long serialVersionUID = 1;

  public LocalClusterException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
