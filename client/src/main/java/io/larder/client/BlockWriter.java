package io.larder.client;

import io.larder.protocol.Command;
import io.larder.protocol.Limits;
import io.larder.protocol.PutToken;
import io.larder.protocol.Reply;
import io.larder.protocol.RespConnection;
import io.larder.protocol.RespErrorException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Writes blocks, on connections of its own. A put returns its {@link PutOutcome} or fails with
 * {@link LarderException}; after a failure that is {@link LarderException#isTemporary temporary}
 * the block may or may not be stored, and putting it again is safe.
 *
 * <p>Keys are 1 to 1024 bytes. Neither keys nor values are copied: they must not change before the
 * future is complete. Futures complete on the client's I/O threads. Thread-safe.
 */
public final class BlockWriter {
  private final Lane lane;
  private final Calls calls;
  private final ClientMetrics metrics;
  private final long callTimeoutMs;
  private final long leaseMs;

  BlockWriter(Lane lane, Calls calls, ClientMetrics metrics, long callTimeoutMs, long leaseMs) {
    this.lane = lane;
    this.calls = calls;
    this.metrics = metrics;
    this.callTimeoutMs = callTimeoutMs;
    this.leaseMs = leaseMs;
  }

  /** Stores the buffer's remaining bytes under the key; the buffer's position does not move. */
  public CompletableFuture<PutOutcome> put(byte[] key, ByteBuffer value, PutOptions options) {
    return put(key, List.of(value), options);
  }

  /**
   * Stores the buffers' remaining bytes, one after the other, as one value. Direct buffers are
   * written to the socket without a copy.
   *
   * @throws IllegalArgumentException if the key or the value has a length that cannot be stored
   */
  public CompletableFuture<PutOutcome> put(byte[] key, List<ByteBuffer> value, PutOptions options) {
    byte[] wanted = BlockReader.checked(key);
    long total = value.stream().mapToLong(ByteBuffer::remaining).sum();
    if (total > Limits.MAX_VALUE_BYTES) {
      throw new IllegalArgumentException(
          "value of " + total + " bytes: at most " + Limits.MAX_VALUE_BYTES + " can be stored");
    }
    List<ByteBuffer> parts = value.stream().map(ByteBuffer::slice).toList();
    long start = System.nanoTime();
    long deadline = deadline(start);
    byte[] crcs = Checksums.encoded(parts, (int) total);
    CompletableFuture<PutOutcome> done =
        calls
            .run(
                lane,
                deadline,
                calls.attemptTimeoutMs(),
                total,
                (connection, timeoutMs) ->
                    connection.send(command(wanted, parts, crcs, options), timeoutMs))
            .thenApply(BlockWriter::outcome);
    return done.whenComplete((outcome, error) -> {
      metrics.record("put", outcome == null ? "failed" : name(outcome), start);
      if (outcome == PutOutcome.STORED) {
        metrics.writtenBytes.increment((double) total);
      }
    });
  }

  /**
   * Stores many blocks at once: on one connection they follow each other without a round trip
   * between them.
   *
   * @return a future for each block, in order
   */
  public List<CompletableFuture<PutOutcome>> putAll(List<BlockPut> blocks) {
    return blocks.stream().map(block -> put(block.key(), block.value(), block.options())).toList();
  }

  private static Command command(
      byte[] key, List<ByteBuffer> parts, byte[] crcs, PutOptions options) {
    Command command = Command.of("KV.PUT").arg(key);
    if (options.metadata().length > 0) {
      command.arg("META").arg(options.metadata());
    }
    command.arg("CRC").arg(crcs);
    options.timeToLive().ifPresent(ttl -> command.arg("PX").arg(ttl.toMillis()));
    options.token().ifPresent(token -> command.arg("TOKEN").arg(token.toString()));
    List<ByteBuf> payload =
        parts.stream().filter(ByteBuffer::hasRemaining).map(Unpooled::wrappedBuffer).toList();
    return command.arg("VALUE").payload(payload);
  }

  private static PutOutcome outcome(Reply reply) {
    if (reply instanceof Reply.Simple simple) {
      for (PutOutcome known : PutOutcome.values()) {
        if (known.name().equals(simple.text())) {
          return known;
        }
      }
    }
    throw unexpected(reply);
  }

  /**
   * Requests the exclusive right to write each key, in order, without waiting for other writers. A
   * grant ends with the put that names its token, with {@link #abort}, after the client's lease
   * time, or with the client.
   */
  public CompletableFuture<List<LeaseOutcome>> lease(List<byte[]> keys) {
    if (keys.isEmpty()) {
      return CompletableFuture.completedFuture(List.of());
    }
    Command command =
        Command.of("KV.LEASE")
            .arg(keys.size())
            .args(BlockReader.checked(keys))
            .arg("TTL")
            .arg(leaseMs);
    return send("lease", command, reply -> leases(reply, keys.size()));
  }

  static List<LeaseOutcome> leases(Reply reply, int expected) {
    if (reply instanceof Reply.Array array && array.elements().size() == expected) {
      return array.elements().stream().map(BlockWriter::lease).toList();
    }
    throw unexpected(reply);
  }

  private static LeaseOutcome lease(Reply reply) {
    String text = reply instanceof Reply.Bulk bulk ? bulk.text() : String.valueOf(reply);
    if (text.startsWith("GRANTED ")) {
      return new LeaseOutcome.Granted(PutToken.parse(text.substring("GRANTED ".length())));
    }
    return switch (text) {
      case "EXISTS" -> LeaseOutcome.EXISTS;
      case "HELD" -> LeaseOutcome.HELD;
      default -> new LeaseOutcome.Unavailable(text);
    };
  }

  /** Gives a lease up, so that the next waiter gets it. Returns false if it had ended already. */
  public CompletableFuture<Boolean> abort(byte[] key, PutToken token) {
    Command command = Command.of("KV.ABORT").arg(BlockReader.checked(key)).arg(token.toString());
    return send("abort", command, reply -> count(reply) == 1);
  }

  /**
   * Returns the state of the put under this token, for a caller that lost its connection before the
   * put's reply arrived.
   */
  public CompletableFuture<CommitOutcome> commit(byte[] key, PutToken token) {
    Command command = Command.of("KV.COMMIT").arg(BlockReader.checked(key)).arg(token.toString());
    return send("commit", command, BlockWriter::commit);
  }

  private static CommitOutcome commit(Reply reply) {
    if (reply instanceof Reply.Simple simple) {
      for (CommitOutcome known : CommitOutcome.values()) {
        if (known.name().equals(simple.text())) {
          return known;
        }
      }
    }
    throw unexpected(reply);
  }

  /** Protects the key's block from eviction until unpinned or deleted; false if it has none. */
  public CompletableFuture<Boolean> pin(byte[] key) {
    return send("pin", Command.of("KV.PIN").arg(BlockReader.checked(key)), r -> count(r) == 1);
  }

  /** Ends {@link #pin}; false if the key has no block. */
  public CompletableFuture<Boolean> unpin(byte[] key) {
    return send("unpin", Command.of("KV.UNPIN").arg(BlockReader.checked(key)), r -> count(r) == 1);
  }

  /** Deletes the keys; returns how many had a value. */
  public CompletableFuture<Integer> delete(List<byte[]> keys) {
    if (keys.isEmpty()) {
      return CompletableFuture.completedFuture(0);
    }
    return send(
        "delete", Command.of("DEL").args(BlockReader.checked(keys)), reply -> (int) count(reply));
  }

  /** Deletes one key; returns false if it had no value. */
  public CompletableFuture<Boolean> delete(byte[] key) {
    return delete(Collections.singletonList(key)).thenApply(count -> count > 0);
  }

  private <T> CompletableFuture<T> send(String name, Command command, Function<Reply, T> read) {
    long start = System.nanoTime();
    Calls.Attempt<Reply> attempt =
        (RespConnection connection, long timeoutMs) -> connection.send(command, timeoutMs);
    return calls
        .run(lane, deadline(start), attempt)
        .thenApply(read)
        .whenComplete(
            (value, error) -> metrics.record(name, error == null ? "ok" : "failed", start));
  }

  private long deadline(long start) {
    return start + TimeUnit.MILLISECONDS.toNanos(callTimeoutMs);
  }

  private static long count(Reply reply) {
    if (reply instanceof Reply.Int number) {
      return number.value();
    }
    throw unexpected(reply);
  }

  static LarderException unexpected(Reply reply) {
    return reply instanceof Reply.Failure error
        ? Calls.refused(new RespErrorException(error.message()))
        : new LarderException("unexpected reply of the node: " + reply, false, null);
  }

  private static String name(PutOutcome outcome) {
    return outcome.name().toLowerCase(Locale.ROOT);
  }
}
