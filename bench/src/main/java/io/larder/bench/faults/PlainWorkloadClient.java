package io.larder.bench.faults;

import static io.larder.bench.PlainConnection.text;

import io.larder.bench.PlainConnection;
import io.larder.bench.faults.History.Kind;
import io.larder.bench.faults.History.Outcome;
import io.larder.bench.verdict.Patience;
import io.larder.testkit.local.LocalNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A Redis client that knows one node: {@code SET … NX}, {@code GET}, {@code DEL} over a plain
 * socket. It waits longer than the node may take, so that it measures the node's own deadlines.
 */
final class PlainWorkloadClient implements WorkloadClient {
  /** Two lookups, two fetches and telling the owner, 250 ms each, and the transfer. */
  private static final long GET_MS = 1_500;

  /** Others are waited for 3 s ({@code limits.setWaitMs}); then the commit, device and transfer. */
  private static final long SET_MS = 3_000 + 2_000;

  /** What the node gives the owner of the slot, 4.5 s, and the transfer. */
  private static final long DEL_MS = 4_500 + 500;

  /** The prefix of errors other than TIMEOUT and TRYAGAIN. */
  static final String OTHER_CODE = "neither TIMEOUT nor TRYAGAIN: ";

  /** Beyond the longest deadline and the limit of a hang. */
  private static final int PATIENCE_MS = (int) (SET_MS + Patience.HANG.toMillis() + 1_000);

  private static final int CONNECT_MS = 20_000;

  private final int index;
  private final LocalNode node;
  private @Nullable PlainConnection connection;

  PlainWorkloadClient(int index, LocalNode node) {
    this.index = index;
    this.node = node;
  }

  @Override
  public String name() {
    return "redis client of " + node.nodeId();
  }

  @Override
  public int node() {
    return index;
  }

  @Override
  public Answer put(String key, byte[] value) {
    return call(
        reply -> Answer.of(reply.isPresent() ? Outcome.STORED : Outcome.REFUSED),
        text("SET"),
        text(key),
        value,
        text("NX"));
  }

  @Override
  public Answer get(String key) {
    return call(
        reply ->
            reply
                .map(value -> Answer.found(PutContents.putOf(ByteBuffer.wrap(value))))
                .orElse(Answer.of(Outcome.MISSED)),
        text("GET"),
        text(key));
  }

  @Override
  public Answer delete(String key) {
    return call(
        reply ->
            Answer.of(
                reply.filter(count -> count[0] == '1').isPresent()
                    ? Outcome.DELETED
                    : Outcome.NOTHING),
        text("DEL"),
        text(key));
  }

  @Override
  public long deadlineMs(Kind kind) {
    return switch (kind) {
      case PUT -> SET_MS;
      case GET -> GET_MS;
      case DELETE -> DEL_MS;
    };
  }

  private interface Reading {
    Answer read(Optional<byte[]> reply);
  }

  private Answer call(Reading reading, byte[]... words) {
    try {
      PlainConnection open = connection;
      if (open == null) {
        open = PlainConnection.open(node.host(), node.port(), CONNECT_MS);
        open.patience(PATIENCE_MS);
        open.introduce("larder-bench"); // OK then means stored
        connection = open;
      }
      return reading.read(open.call(words));
    } catch (PlainConnection.RefusedException e) {
      String error = String.valueOf(e.getMessage());
      boolean known = error.startsWith("TIMEOUT ") || error.startsWith("TRYAGAIN ");
      return new Answer(Outcome.UNKNOWN, 0, known ? error : OTHER_CODE + error);
    } catch (IOException e) {
      close();
      return Answer.unknown(e);
    }
  }

  @Override
  public void close() {
    PlainConnection open = connection;
    connection = null;
    if (open != null) {
      try {
        open.close();
      } catch (IOException e) {
        // The connection is abandoned either way.
      }
    }
  }
}
