package io.larder.node.router.write;

import io.larder.node.block.Key;
import io.larder.node.block.Payload;
import io.larder.node.directory.Deadlines;
import io.larder.node.router.cluster.Futures;
import io.larder.node.router.holder.LocalRecords;
import io.larder.node.router.write.Leases.Acquisition;
import io.larder.node.service.BlockService;
import io.larder.node.service.ClientId;
import io.larder.node.service.LeaseAnswer;
import io.larder.node.service.PutOptions;
import io.larder.node.service.PutOutcome;
import io.larder.protocol.PutToken;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The way of a PUT: the key's put-lease from the slot's owner while the payload arrives, one
 * durable record, its commit at the owner, publication, then the acknowledgement.
 *
 * <p>A put that other nodes do not settle in time ends in one of two ways. A droppable one is
 * withdrawn: its record is never committed or claimed again. Any other stays a claim: it is claimed
 * again until the owner answers, even long after its client has read that it may come true.
 * Thread-safe.
 */
public final class Writes {
  private final PutContext context;
  private final Leases leases;
  private final LocalRecords records;

  /** Puts whose payloads are complete. */
  private final Set<Put> underWay = ConcurrentHashMap.newKeySet();

  public Writes(PutContext context, LocalRecords records) {
    this.context = context;
    this.leases = context.leases();
    this.records = records;
  }

  public BlockService.PutHandle begin(Key key, PutOptions options, ClientId client) {
    PutToken token = options.token();
    Acquisition lease;
    if (token != null) {
      leases.takenByPut(client, token);
      lease = leases.decided(key, client, adopt(key, token));
    } else if (records.readable(key.ref()) != 0) {
      var exists = new LeaseAnswer.Exists(context.cluster().self());
      lease = leases.decided(key, client, exists);
    } else {
      lease = acquire(key, options, client);
    }
    return new BlockService.PutHandle() {
      @Override
      public CompletableFuture<PutOutcome> complete(Payload payload) {
        // A wait that ended before the last byte starts again: the client's wait counts from that
        // byte.
        Acquisition current =
            options.waitMs() > 0 && isRefused(lease) ? acquire(key, options, client) : lease;
        return begin(new Put(context, key, options, payload, current));
      }

      @Override
      public void abandon() {
        Futures.finish(
            lease.result(),
            (answer, _) -> {
              if (answer instanceof LeaseAnswer.Granted granted) {
                Futures.go(leases.abort(key, granted.token()));
              }
            });
      }
    };
  }

  private CompletableFuture<PutOutcome> begin(Put put) {
    CompletableFuture<PutOutcome> result = put.begin();
    if (!result.isDone()) {
      underWay.add(put);
      Futures.finish(result, (_, _) -> underWay.remove(put));
    }
    return result;
  }

  private Acquisition acquire(Key key, PutOptions options, ClientId client) {
    Deadlines deadlines = context.timing().deadlines();
    long undecidedMs = Math.max(options.waitMs(), deadlines.undecidedMs());
    return leases.acquire(key, client, deadlines.putLeaseMs(), options.waitMs(), undecidedMs);
  }

  private static boolean isRefused(Acquisition lease) {
    return lease.result().isDone()
        && (lease.result().resultNow() instanceof LeaseAnswer.Held
            || lease.result().resultNow() instanceof LeaseAnswer.TryAgain);
  }

  /** Takes over a lease that a client was granted, through this node or another. */
  private LeaseAnswer adopt(Key key, PutToken token) {
    long deadlineNanos = context.timing().deadline(context.timing().deadlines().putLeaseMs());
    // A lease from before this node's promise is not void but a claim: the commit will decide.
    context.openPuts().granted(key.ref(), token, deadlineNanos);
    return new LeaseAnswer.Granted(token);
  }

  /** Ends waits that are over; to be called about every 50 ms. */
  public void tick() {
    long now = context.timing().nowNanos();
    for (Put put : underWay) {
      if (put.isLate(now)) {
        put.endWait();
      }
    }
  }
}
