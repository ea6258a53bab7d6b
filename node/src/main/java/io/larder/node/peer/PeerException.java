package io.larder.node.peer;

/** A peer did not answer, or not in time: a miss or another try for the caller. */
public final class PeerException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public PeerException(String message) {
    super(message, null, false, false); // expected whenever a node is down
  }
}
