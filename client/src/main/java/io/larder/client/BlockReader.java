package io.larder.client;

import io.larder.protocol.Command;
import io.larder.protocol.Limits;
import io.larder.protocol.Reply;
import io.larder.protocol.RespException;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads blocks, on connections of its own. A read that fails within the call's deadline (no node
 * answers, a checksum does not match, the node breaks off) counts in a metric and returns a miss,
 * never an exception.
 *
 * <p>Keys are 1 to 1024 bytes; they are not copied and must not change before the future is
 * complete. Futures complete on the client's I/O threads: dependent stages must not block, or must
 * name an executor ({@code thenApplyAsync}). Thread-safe.
 */
public final class BlockReader {
  private final Lane lane;
  private final Calls calls;
  private final InFlightLimit bytesInFlight;
  private final BufferPool pool;
  private final ClientMetrics metrics;
  private final long callTimeoutMs;

  BlockReader(
      Lane lane,
      Calls calls,
      InFlightLimit bytesInFlight,
      BufferPool pool,
      ClientMetrics metrics,
      long callTimeoutMs) {
    this.lane = lane;
    this.calls = calls;
    this.bytesInFlight = bytesInFlight;
    this.pool = pool;
    this.metrics = metrics;
    this.callTimeoutMs = callTimeoutMs;
  }

  /** Reads and verifies a whole block; the caller closes it. Empty on a miss. */
  public CompletableFuture<Optional<CachedBlock>> get(byte[] key) {
    return read(
        key,
        pool::take,
        (collector, found) -> {
          if (found) {
            return Optional.of(new CachedBlock(collector.info(), collector.memory(), pool));
          }
          collector.reserved().ifPresent(pool::give);
          return Optional.empty();
        });
  }

  /** Reads each key's block, in order. The caller closes them. */
  public CompletableFuture<List<Optional<CachedBlock>>> getAll(List<byte[]> keys) {
    List<CompletableFuture<Optional<CachedBlock>>> each = keys.stream().map(this::get).toList();
    return CompletableFuture.allOf(each.toArray(CompletableFuture<?>[]::new))
        .thenApply(done -> each.stream().map(CompletableFuture::join).toList());
  }

  /**
   * Reads a block into the caller's buffer at its position and advances the position by the block's
   * length. A direct buffer is filled straight from the socket. A miss leaves the position
   * unchanged but may overwrite bytes after it.
   *
   * @return the block's description, empty on a miss; fails with {@link IllegalArgumentException}
   *     if the block is longer than the buffer's remaining bytes
   */
  public CompletableFuture<Optional<BlockInfo>> getInto(byte[] key, ByteBuffer into) {
    if (into.isReadOnly()) {
      throw new IllegalArgumentException("the buffer to read into is read-only");
    }
    return read(
        key,
        length -> {
          if (length > into.remaining()) {
            throw new IllegalArgumentException(
                "the block has "
                    + length
                    + " bytes and the buffer room for "
                    + into.remaining()
                    + ": give a larger one");
          }
          return into.slice(into.position(), length);
        },
        (collector, found) -> {
          if (!found) {
            return Optional.empty();
          }
          into.position(into.position() + collector.info().lengthBytes());
          return Optional.of(collector.info());
        });
  }

  /**
   * Looks up which keys have a value in the cluster, in order. Returns false for every key if no
   * node answered.
   */
  public CompletableFuture<boolean[]> contains(List<byte[]> keys) {
    return locate(keys)
        .thenApply(locations -> {
          boolean[] present = new boolean[locations.size()];
          for (int i = 0; i < present.length; i++) {
            present[i] = locations.get(i).isPresent();
          }
          return present;
        });
  }

  /**
   * Counts the keys, from the first on without a gap, that have a value in the cluster. Returns 0
   * if no node answered.
   */
  public CompletableFuture<Integer> longestPrefix(List<byte[]> keys) {
    if (keys.isEmpty()) {
      return CompletableFuture.completedFuture(0);
    }
    return lookUp(
        "prefix",
        Command.of("KV.PREFIX").args(checked(keys)),
        reply -> {
          if (reply instanceof Reply.Int count) {
            return (int) count.value();
          }
          throw unexpected(reply);
        },
        0);
  }

  /**
   * Looks up the location of each key's value, in order. Returns empty for a key without a value,
   * and for every key if no node answered.
   */
  public CompletableFuture<List<Optional<BlockLocation>>> locate(List<byte[]> keys) {
    List<Optional<BlockLocation>> nowhere = Collections.nCopies(keys.size(), Optional.empty());
    if (keys.isEmpty()) {
      return CompletableFuture.completedFuture(nowhere);
    }
    return lookUp(
        "locate",
        Command.of("KV.LOCATE").args(checked(keys)),
        reply -> {
          if (reply instanceof Reply.Array array && array.elements().size() == keys.size()) {
            return array.elements().stream().map(BlockReader::location).toList();
          }
          throw unexpected(reply);
        },
        nowhere);
  }

  private static Optional<BlockLocation> location(Reply reply) {
    if (reply instanceof Reply.Array fields
        && fields.elements().size() == 3
        && fields.elements().get(0) instanceof Reply.Bulk node
        && fields.elements().get(1) instanceof Reply.Bulk address
        && fields.elements().get(2) instanceof Reply.Bulk stamp) {
      return Optional.of(new BlockLocation(node.text(), address.text(), stamp.text()));
    }
    return Optional.empty();
  }

  private <T> CompletableFuture<Optional<T>> read(
      byte[] key,
      BlockCollector.Place place,
      BiFunction<BlockCollector, Boolean, Optional<T>> outcome) {
    byte[] wanted = checked(key);
    long start = System.nanoTime();
    long deadline = start + TimeUnit.MILLISECONDS.toNanos(callTimeoutMs);
    return calls
        .run(
            lane,
            deadline,
            (connection, timeoutMs) -> {
              // Waiting for room must not make the node look slow: give up a little earlier.
              long roomDeadline =
                  System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs * 3 / 4);
              BlockCollector collector = new BlockCollector(bytesInFlight, roomDeadline, place);
              return connection
                  .get(Command.of("KV.GET").arg(wanted), collector, timeoutMs)
                  .handle(
                      (hit, error) -> received(collector, error == null && hit, error, outcome));
            })
        .handle((found, error) -> {
          if (error != null) {
            return failed(error, start);
          }
          metrics.record("get", found.isPresent() ? "hit" : "miss", start);
          return found;
        });
  }

  private <T> Optional<T> received(
      BlockCollector collector,
      boolean found,
      @Nullable Throwable error,
      BiFunction<BlockCollector, Boolean, Optional<T>> outcome) {
    collector.finish();
    Optional<T> result = outcome.apply(collector, found);
    if (error != null) {
      throw error instanceof RuntimeException known
          ? known
          : new LarderException("reading failed: " + error.getMessage(), false, error);
    }
    if (found) {
      metrics.readBytes.increment(collector.info().lengthBytes());
    } else if (collector.reserved().isPresent()) {
      metrics.brokenOffReads.increment();
    }
    return result;
  }

  private <T> Optional<T> failed(Throwable error, long start) {
    Throwable cause = Calls.unwrap(error);
    if (cause instanceof IllegalArgumentException badCall) {
      throw badCall;
    }
    if (cause instanceof BlockCollector.ChecksumMismatch) {
      metrics.checksumFailures.increment();
    } else {
      metrics.failedReads.increment();
    }
    metrics.record("get", "failed", start);
    return Optional.empty();
  }

  private <T> CompletableFuture<T> lookUp(
      String name, Command command, Function<Reply, T> read, T otherwise) {
    long start = System.nanoTime();
    long deadline = start + TimeUnit.MILLISECONDS.toNanos(callTimeoutMs);
    return calls
        .run(lane, deadline, (connection, timeoutMs) -> connection.send(command, timeoutMs))
        .thenApply(read)
        .handle((value, error) -> {
          metrics.record(name, error == null ? "ok" : "failed", start);
          if (error != null) {
            metrics.failedReads.increment();
            return otherwise;
          }
          return value;
        });
  }

  private static RespException unexpected(Reply reply) {
    return new RespException(
        reply instanceof Reply.Failure error ? error.message() : "unexpected reply: " + reply);
  }

  static List<byte[]> checked(List<byte[]> keys) {
    keys.forEach(BlockReader::checked);
    return keys;
  }

  static byte[] checked(byte[] key) {
    if (key.length < 1 || key.length > Limits.MAX_KEY_BYTES) {
      throw new IllegalArgumentException(
          "key of " + key.length + " bytes: a key has 1 to " + Limits.MAX_KEY_BYTES);
    }
    return key;
  }
}
