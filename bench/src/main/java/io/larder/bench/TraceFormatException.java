package io.larder.bench;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A line is not a request of the Mooncake format. */
final class TraceFormatException extends IOException {
  private static final long serialVersionUID = 1;

  TraceFormatException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
