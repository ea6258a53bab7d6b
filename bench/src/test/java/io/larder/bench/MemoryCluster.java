package io.larder.bench;

import io.larder.protocol.PutToken;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A cluster of one map with real leases and waits, so that the replay can be tested alone. Each
 * {@link Fault} breaks one promise on purpose: the replay must notice.
 */
final class MemoryCluster implements Cluster {
  enum Fault {
    NONE,
    LOSE_A_STORED_BLOCK,
    LOSE_A_BLOCK_WHILE_A_NODE_IS_GONE,
    ANSWER_A_MISS_AT_FIRST,
    DROP_A_PUT,
    END_A_SESSION,
    NEVER_SETTLE,
    FLIP_A_BIT,
    SWAP_ANOTHER_WRITERS_BYTES,
    STORE_TWICE,
    GRANT_TWICE,
    EVICT,
    FAIL_A_CALL
  }

  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  private record Stored(byte[] bytes, int copies) {}

  private final Fault fault;
  private final Map<String, Stored> stored = new HashMap<>();
  private final Map<String, CompletableFuture<Void>> held = new HashMap<>();
  private long sequence;
  private int misses;
  private volatile boolean reckoned;

  MemoryCluster(Fault fault) {
    this.fault = fault;
  }

  @Override
  public int nodes() {
    return 3;
  }

  @Override
  public Holders holders(List<String> keys) {
    synchronized (stored) {
      return new Holders(keys.stream().map(this::copiesOf).toList(), ended());
    }
  }

  private int copiesOf(String key) {
    Stored found = stored.get(key);
    return found == null ? 0 : found.copies();
  }

  @Override
  public List<NodeAccounts.Account> accounts() {
    String session = fault == Fault.END_A_SESSION && !stored.isEmpty() ? "b" : "a";
    long evicted = fault == Fault.EVICT && !stored.isEmpty() ? 1 : 0;
    return List.of(
        new NodeAccounts.Account("node-1/1", "node-1-" + session, evicted),
        new NodeAccounts.Account("node-2/2", "node-2-a", 0),
        new NodeAccounts.Account("node-3/3", "node-3-a", 7));
  }

  @Override
  public boolean isSettled() {
    reckoned = true;
    return fault != Fault.NEVER_SETTLE;
  }

  @Override
  public Set<String> ended() {
    return fault == Fault.LOSE_A_BLOCK_WHILE_A_NODE_IS_GONE ? Set.of("node-2") : Set.of();
  }

  @Override
  public Map<String, Long> droppedPuts() {
    return fault == Fault.DROP_A_PUT && !stored.isEmpty()
        ? Map.of("no-space", 5L, "deadline", 2L)
        : Map.of("deadline", 2L);
  }

  @Override
  public BlockCache attach(int index) {
    return new Cache();
  }

  private final class Cache implements BlockCache {
    @Override
    public CompletableFuture<Integer> prefix(List<String> keys) {
      synchronized (stored) {
        int n = 0;
        while (n < keys.size() && stored.containsKey(keys.get(n))) {
          n++;
        }
        return CompletableFuture.completedFuture(n);
      }
    }

    @Override
    public CompletableFuture<Optional<Source>> get(String key, ByteBuffer into) {
      synchronized (stored) {
        Stored found = stored.get(key);
        if (fault == Fault.ANSWER_A_MISS_AT_FIRST && reckoned && ++misses <= 3) {
          found = null;
        }
        if (found != null) {
          into.put(into.position(), found.bytes());
        }
        return CompletableFuture.completedFuture(
            found == null ? Optional.empty() : Optional.of(Source.DEVICE));
      }
    }

    @Override
    public CompletableFuture<List<Lease>> lease(List<String> keys) {
      synchronized (stored) {
        List<Lease> answers = new ArrayList<>();
        for (String key : keys) {
          answers.add(leaseOne(key));
        }
        return CompletableFuture.completedFuture(answers);
      }
    }

    private Lease leaseOne(String key) {
      boolean twice = fault == Fault.GRANT_TWICE || fault == Fault.END_A_SESSION;
      if (stored.containsKey(key) && !twice) {
        return new Lease.Exists();
      }
      if (held.containsKey(key) && !twice) {
        return new Lease.Held();
      }
      sequence++;
      if (fault == Fault.FAIL_A_CALL && sequence == 5) {
        return new Lease.Unavailable("slot 7 has no owner");
      }
      held.put(key, new CompletableFuture<>());
      return new Lease.Granted(new PutToken(1, sequence));
    }

    @Override
    public CompletableFuture<Joined> putOrWait(String key, ByteBuffer buffer, Runnable compute) {
      CompletableFuture<Void> writer;
      synchronized (stored) {
        writer = held.getOrDefault(key, CompletableFuture.completedFuture(null));
      }
      return writer
          .thenCompose(_ -> get(key, buffer))
          .thenApply(found -> found.isPresent() ? Joined.FOUND : Joined.FAILED)
          .orTimeout(10, TimeUnit.SECONDS);
    }

    @Override
    public CompletableFuture<PutAnswer> put(String key, ByteBuffer value, PutToken token) {
      byte[] bytes = new byte[value.remaining()];
      value.get(value.position(), bytes);
      boolean third = token.sequence() == 3;
      if (fault == Fault.FLIP_A_BIT && third) {
        bytes[bytes.length / 2] ^= 0x10;
      }
      if (fault == Fault.SWAP_ANOTHER_WRITERS_BYTES && third) {
        for (int i = 0; i < bytes.length; i += 8) {
          bytes[i + 7] ^= 1; // salt + 128 throughout
        }
      }
      CompletableFuture<Void> writer;
      synchronized (stored) {
        boolean lost =
            fault == Fault.LOSE_A_STORED_BLOCK
                || fault == Fault.LOSE_A_BLOCK_WHILE_A_NODE_IS_GONE
                || fault == Fault.EVICT;
        if (!(lost && third)) {
          stored.put(key, new Stored(bytes, fault == Fault.STORE_TWICE && third ? 2 : 1));
        }
        writer = held.remove(key);
      }
      if (writer != null) {
        writer.complete(null);
      }
      return CompletableFuture.completedFuture(PutAnswer.STORED);
    }

    @Override
    public Duration deadline() {
      return Duration.ofSeconds(10);
    }

    @Override
    public Duration waitDeadline() {
      return deadline();
    }

    @Override
    public void close() {}
  }
}
