package io.larder.bench;

import io.larder.protocol.PutToken;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * The cache as an inference server uses it: what the replay asks of a client. Thread-safe; every
 * future completes within the client's deadline.
 */
public interface BlockCache extends AutoCloseable {
  /** Where a block came from, seen from the server. */
  enum Source {
    HOT,
    DEVICE,
    PEER
  }

  /** The answer to a lease request for one block. */
  sealed interface Lease {
    /** Compute the block and put it under this token. */
    record Granted(PutToken token) implements Lease {}

    /** It is stored. */
    record Exists() implements Lease {}

    /** Another is computing it. */
    record Held() implements Lease {}

    /** Nobody can say now. */
    record Unavailable(String reason) implements Lease {}
  }

  /** How a block that another was computing was come by. */
  enum Joined {
    /** The other's, now stored. */
    FOUND,
    /** Computed here and stored. */
    STORED,
    /** Computed here; another's was stored first. */
    SUPPRESSED,
    /** Not obtained, or computed here and not stored. */
    FAILED
  }

  /** What became of a put. */
  enum PutAnswer {
    STORED,
    EXISTS,
    HELD
  }

  /** How many of the first keys are stored without a gap. */
  CompletableFuture<Integer> prefix(List<String> keys);

  /**
   * Reads a block of exactly {@code into.remaining()} bytes; the buffer's position does not move.
   * Completes with nothing on a miss.
   */
  CompletableFuture<Optional<Source>> get(String key, ByteBuffer into);

  /** Asks for the exclusive right to compute these blocks; answers at once, in order. */
  CompletableFuture<List<Lease>> lease(List<String> keys);

  /**
   * Obtains a block that another is computing: waits for that one, or computes and puts it here
   * when the other gives up.
   *
   * @param buffer has the block's bytes afterwards, unless {@link Joined#FAILED}
   * @param compute fills the buffer; runs at most once
   */
  CompletableFuture<Joined> putOrWait(String key, ByteBuffer buffer, Runnable compute);

  /** Stores a block under a granted lease; the buffer is untouched until the future completes. */
  CompletableFuture<PutAnswer> put(String key, ByteBuffer value, PutToken token);

  /** By when every call but {@link #putOrWait} must have ended. */
  Duration deadline();

  /** By when {@link #putOrWait} must have ended. */
  Duration waitDeadline();

  @Override
  void close();
}
