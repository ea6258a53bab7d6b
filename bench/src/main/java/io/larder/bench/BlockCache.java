package io.larder.bench;

import io.larder.protocol.PutToken;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * The cache of an inference server: the client operations that the replay uses. Thread-safe; every
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

    /** Another server is computing it. */
    record Held() implements Lease {}

    /** The lease could not be decided. */
    record Unavailable(String reason) implements Lease {}
  }

  /** The outcome for a block that another server was computing. */
  enum Joined {
    /** The other server stored it. */
    FOUND,
    /** Computed here and stored. */
    STORED,
    /** Computed here; another server stored it first. */
    SUPPRESSED,
    /** Not obtained, or computed here and not stored. */
    FAILED
  }

  /** The outcome of a put. */
  enum PutAnswer {
    STORED,
    EXISTS,
    HELD
  }

  /** The number of keys, from the first on, that are stored without a gap. */
  CompletableFuture<Integer> prefix(List<String> keys);

  /**
   * Reads a block of exactly {@code into.remaining()} bytes; the buffer's position does not move.
   * Completes with nothing on a miss.
   */
  CompletableFuture<Optional<Source>> get(String key, ByteBuffer into);

  /** Requests the exclusive right to compute these blocks, in order, without waiting. */
  CompletableFuture<List<Lease>> lease(List<String> keys);

  /**
   * Obtains a block that another server is computing: waits for it, or computes and puts it here if
   * the other gives up.
   *
   * @param buffer has the block's bytes afterwards, unless {@link Joined#FAILED}
   * @param compute fills the buffer; runs at most once
   */
  CompletableFuture<Joined> putOrWait(String key, ByteBuffer buffer, Runnable compute);

  /** Stores a block under a granted lease; the buffer is untouched until the future completes. */
  CompletableFuture<PutAnswer> put(String key, ByteBuffer value, PutToken token);

  /** The deadline of every call but {@link #putOrWait}. */
  Duration deadline();

  /** The deadline of {@link #putOrWait}. */
  Duration waitDeadline();

  @Override
  void close();
}
