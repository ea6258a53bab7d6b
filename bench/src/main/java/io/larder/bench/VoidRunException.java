package io.larder.bench;

import java.io.IOException;

/** A run measured another load than intended: its figures are void. */
public final class VoidRunException extends IOException {
  private static final long serialVersionUID = 1;

  VoidRunException(String message) {
    super(message);
  }
}
