package io.larder.bench;

/** A read returned fewer or more bytes than every put of the key has. */
final class WrongLengthException extends RuntimeException {
  private static final long serialVersionUID = 1;

  WrongLengthException(int found, int expected) {
    super("%d bytes instead of %d".formatted(found, expected));
  }
}
