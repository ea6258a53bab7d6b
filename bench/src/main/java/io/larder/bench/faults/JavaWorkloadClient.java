package io.larder.bench.faults;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.larder.bench.faults.History.Kind;
import io.larder.bench.faults.History.Outcome;
import io.larder.client.CachedBlock;
import io.larder.client.ComputedBlock;
import io.larder.client.LarderClient;
import io.larder.client.LarderException;
import io.larder.client.ObtainedBlock;
import io.larder.client.PutOptions;
import io.larder.client.PutOutcome;
import io.larder.testkit.local.LocalNode;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Larder's own client, beside one node, which may use the others. */
final class JavaWorkloadClient implements WorkloadClient {
  private static final Duration CALL = Duration.ofSeconds(3);
  private static final Duration ATTEMPT = Duration.ofSeconds(1);
  private static final Duration LEASE = Duration.ofSeconds(5);

  private final String name;
  private final boolean waits;
  private final LarderClient client;

  /**
   * @param waits whether it puts by {@code putOrWait}, like an inference server
   */
  JavaWorkloadClient(LocalNode beside, List<LocalNode> nodes, boolean waits) {
    this.name = (waits ? "inference server" : "writer") + " beside " + beside.nodeId();
    this.waits = waits;
    this.client =
        LarderClient.builder()
            .localNode(beside.address())
            .nodes(nodes.stream().map(LocalNode::address).toList())
            .callTimeout(CALL)
            .attemptTimeout(ATTEMPT)
            .connectTimeout(ATTEMPT)
            .leaseTime(LEASE)
            .build();
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public int node() {
    return History.SOME_NODE;
  }

  @Override
  public Answer put(String key, byte[] value) {
    try {
      return waits
          ? putOrWait(key, value)
          : answer(
              Optional.of(
                  client.blocking().put(bytes(key), ByteBuffer.wrap(value), PutOptions.NONE)));
    } catch (LarderException e) {
      return Answer.unknown(e);
    }
  }

  private Answer putOrWait(String key, byte[] value) {
    try (ObtainedBlock obtained =
        client.blocking().putOrWait(bytes(key), _ -> ComputedBlock.of(ByteBuffer.wrap(value)))) {
      return obtained.origin() == ObtainedBlock.Origin.COMPUTED
          ? answer(obtained.put())
          : Answer.found(PutContents.putOf(obtained.block().data()));
    }
  }

  private static Answer answer(Optional<PutOutcome> outcome) {
    return switch (outcome.orElse(null)) {
      case STORED -> Answer.of(Outcome.STORED);
      case EXISTS, HELD -> Answer.of(Outcome.REFUSED);
      case null -> new Answer(Outcome.UNKNOWN, 0, "computed and not stored");
    };
  }

  @Override
  public Answer get(String key) {
    try (CachedBlock block = client.blocking().get(bytes(key)).orElse(null)) {
      return block == null
          ? Answer.of(Outcome.MISSED)
          : Answer.found(PutContents.putOf(block.data()));
    }
  }

  @Override
  public Answer delete(String key) {
    try {
      return Answer.of(client.blocking().delete(bytes(key)) ? Outcome.DELETED : Outcome.NOTHING);
    } catch (LarderException e) {
      return Answer.unknown(e);
    }
  }

  @Override
  public long deadlineMs(Kind kind) {
    // putOrWait: a lease request with its wait and a retry, then a get or a put.
    return kind == Kind.PUT && waits
        ? 2 * CALL.toMillis() + LEASE.toMillis() + ATTEMPT.toMillis()
        : CALL.toMillis();
  }

  private static byte[] bytes(String key) {
    return key.getBytes(UTF_8);
  }

  @Override
  public void close() {
    client.close();
  }
}
