package io.larder.node.device;

import java.io.IOException;
import java.io.Serial;

/** A device did not answer in time; the submission may still take effect at any moment. */
public final class StalledException extends IOException {
  @Serial private static final long serialVersionUID = 1;

  StalledException(String message) {
    super(message);
  }
}
