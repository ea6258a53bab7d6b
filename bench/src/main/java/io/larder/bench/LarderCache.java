package io.larder.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.larder.client.ComputedBlock;
import io.larder.client.LarderClient;
import io.larder.client.LeaseOutcome;
import io.larder.client.ObtainedBlock;
import io.larder.client.PutOptions;
import io.larder.protocol.PutToken;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** The Java client, as an inference server's {@link BlockCache}. */
final class LarderCache implements BlockCache {
  /** Long, because a whole cluster and the servers on two cores answer late at times. */
  private static final Duration CALL_TIMEOUT = Duration.ofSeconds(20);

  private static final Duration ATTEMPT_TIMEOUT = Duration.ofSeconds(8);

  private static final Duration LEASE_TIME = Duration.ofSeconds(30);

  private final LarderClient client;

  private LarderCache(LarderClient client) {
    this.client = client;
  }

  static LarderCache connect(List<String> nodes, String localNode) {
    return new LarderCache(
        LarderClient.builder()
            .nodes(nodes)
            .localNode(localNode)
            .clientName("larder-bench")
            .ioThreads(1)
            .callTimeout(CALL_TIMEOUT)
            .attemptTimeout(ATTEMPT_TIMEOUT)
            .leaseTime(LEASE_TIME)
            .build());
  }

  @Override
  public CompletableFuture<Integer> prefix(List<String> keys) {
    return client.reader().longestPrefix(bytes(keys));
  }

  @Override
  public CompletableFuture<Optional<Source>> get(String key, ByteBuffer into) {
    ByteBuffer target = into.duplicate();
    return client
        .reader()
        .getInto(key.getBytes(UTF_8), target)
        .thenApply(found ->
            found.map(info -> {
              if (target.hasRemaining()) {
                throw new WrongLengthException(info.lengthBytes(), into.remaining());
              }
              return source(info.source());
            }));
  }

  private static Source source(io.larder.client.Source source) {
    return switch (source) {
      case HOT -> Source.HOT;
      case DEVICE -> Source.DEVICE;
      case PEER -> Source.PEER;
      case COMPUTED -> throw new IllegalStateException("a read answered with a computed block");
    };
  }

  @Override
  public CompletableFuture<List<Lease>> lease(List<String> keys) {
    return client
        .writer()
        .lease(bytes(keys))
        .thenApply(answers -> answers.stream().map(LarderCache::lease).toList());
  }

  private static Lease lease(LeaseOutcome outcome) {
    return switch (outcome) {
      case LeaseOutcome.Granted(PutToken token) -> new Lease.Granted(token);
      case LeaseOutcome.Exists() -> new Lease.Exists();
      case LeaseOutcome.Held() -> new Lease.Held();
      case LeaseOutcome.Unavailable(String reason) -> new Lease.Unavailable(reason);
    };
  }

  @Override
  public CompletableFuture<Joined> putOrWait(String key, ByteBuffer buffer, Runnable compute) {
    return client
        .putOrWait(
            key.getBytes(UTF_8),
            _ -> {
              compute.run();
              return ComputedBlock.of(buffer.duplicate());
            })
        .thenApply(obtained -> joined(obtained, buffer));
  }

  private static Joined joined(ObtainedBlock obtained, ByteBuffer buffer) {
    try (obtained) {
      if (obtained.origin() != ObtainedBlock.Origin.COMPUTED) {
        int length = obtained.block().data().remaining();
        if (length != buffer.remaining()) {
          throw new WrongLengthException(length, buffer.remaining());
        }
        buffer.put(buffer.position(), obtained.block().data(), 0, buffer.remaining());
        return Joined.FOUND;
      }
      return obtained
          .put()
          .map(outcome ->
              switch (outcome) {
                case STORED -> Joined.STORED;
                case EXISTS -> Joined.SUPPRESSED;
                case HELD -> Joined.FAILED;
              })
          .orElse(Joined.FAILED);
    }
  }

  @Override
  public CompletableFuture<PutAnswer> put(String key, ByteBuffer value, PutToken token) {
    return client
        .writer()
        .put(key.getBytes(UTF_8), value, PutOptions.NONE.withToken(token))
        .thenApply(outcome ->
            switch (outcome) {
              case STORED -> PutAnswer.STORED;
              case EXISTS -> PutAnswer.EXISTS;
              case HELD -> PutAnswer.HELD;
            });
  }

  @Override
  public Duration deadline() {
    return CALL_TIMEOUT;
  }

  /** A lease request with its wait and a retry, then a get or a put. */
  @Override
  public Duration waitDeadline() {
    return CALL_TIMEOUT.multipliedBy(2).plus(LEASE_TIME).plus(ATTEMPT_TIMEOUT);
  }

  @Override
  public void close() {
    client.close();
  }

  private static List<byte[]> bytes(List<String> keys) {
    return keys.stream().map(key -> key.getBytes(UTF_8)).toList();
  }
}
