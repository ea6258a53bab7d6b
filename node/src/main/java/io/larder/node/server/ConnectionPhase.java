package io.larder.node.server;

/**
 * The phase of a connection. It only ever moves forward:
 *
 * <pre>
 *   SERVING → STOPPING              the server stops
 *   SERVING, STOPPING → ENDING      QUIT was executed, or an error was sent to a plain session,
 *                                   which would be out of step after it
 *   SERVING, STOPPING → LINGERING   the peer broke the protocol: its error has been written
 *   STOPPING → LINGERING            no request is in progress, and all replies have been written
 *   ENDING → LINGERING              all replies have been written
 *   any → CLOSED                    the channel is closed: by the peer, by a missed deadline, once
 *                                   all replies have left, or at the end of LINGERING
 * </pre>
 */
enum ConnectionPhase {
  /** Takes requests. */
  SERVING,
  /** Completes the request in progress and takes no other. */
  STOPPING,
  /** Takes nothing more from its requests; replies in progress are completed. */
  ENDING,
  /** Skips the bytes that the peer still sends, so that the last reply reaches it, then closes. */
  LINGERING,
  /** Has given everything back. */
  CLOSED
}
