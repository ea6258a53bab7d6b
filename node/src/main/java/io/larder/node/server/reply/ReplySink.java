package io.larder.node.server.reply;

import io.larder.node.block.Payload;
import io.larder.node.server.command.Answer;
import io.larder.node.server.command.CommandSpec;
import io.larder.node.server.command.ErrorAnswer;
import io.larder.node.server.command.Outcome;
import io.larder.node.server.command.Rejection;
import io.netty.buffer.ByteBuf;
import java.util.concurrent.CompletableFuture;

/**
 * The connection as a reply sees it: where the reply is written, and who calls {@link
 * Exchange#emit} again once the reply can go on. Belongs to the connection's event loop.
 */
public interface ReplySink {
  /** Whether the client wants RESP3. */
  boolean isResp3();

  /** The buffer for small pieces. */
  ByteBuf buffer();

  /** Sends a piece of a payload from where it lies, after everything that was written before. */
  void write(Payload payload, int chunk, int offset, int length);

  /**
   * Writes a reply; an error may be replaced.
   *
   * @return how the command ended
   */
  Outcome write(CommandSpec spec, ErrorAnswer onError, Answer.Now now);

  /** Sends everything written so far. */
  void flush();

  /** Whether the peer takes enough for more to be written; if not, a wake follows once it does. */
  boolean hasRoom();

  /** Wakes when the future is complete. */
  void wakeWhen(CompletableFuture<?> future);

  /** Wakes when so many chunks have arrived or never will; false if that is so already. */
  boolean wakeWhenArrived(Payload payload, int chunks);

  /** Wakes after the event loop has served its other channels. */
  void wakeNextTurn();

  /** Counts a block that was found for a reader. */
  void hit();

  /** Counts a block that was not found for a reader. */
  void miss();

  void reject(Rejection reason);

  /** Records a command whose reply has been written whole. */
  void finished(Request request, Outcome outcome);

  /** Closes the connection at once: a reply that has begun cannot be completed. */
  void closeNow();
}
