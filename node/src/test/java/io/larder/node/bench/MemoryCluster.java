package io.larder.node.bench;

import io.larder.protocol.PutToken;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A cluster of one map with real leases and waits, so that the replay can be tested alone. Each
 * {@link Fault} breaks one promise on purpose: the replay must notice.
 */
final class MemoryCluster implements Cluster {
  enum Fault {
    NONE,
    LOSE_AN_ACKNOWLEDGED_BLOCK,
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

  MemoryCluster(Fault fault) {
    this.fault = fault;
  }

  @Override
  public int nodes() {
    return 3;
  }

  @Override
  public List<Integer> copies(List<String> keys) {
    synchronized (stored) {
      return keys.stream().map(key -> stored.containsKey(key) ? copiesOf(key) : 0).toList();
    }
  }

  private int copiesOf(String key) {
    Stored found = stored.get(key);
    return found == null ? 0 : found.copies();
  }

  @Override
  public long evictions() {
    return fault == Fault.EVICT ? 1 : 0;
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
      boolean twice = fault == Fault.GRANT_TWICE;
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
        if (!(fault == Fault.LOSE_AN_ACKNOWLEDGED_BLOCK && third)) {
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
    public void close() {}
  }
}
