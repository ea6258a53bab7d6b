package io.larder.coordinator.lease;

import io.larder.coordinator.lease.SessionProtocol.ClaimOutcome;
import io.larder.coordinator.registry.Heartbeat;
import io.larder.coordinator.registry.Paths;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.OpResult;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;

/**
 * Claims and releases put-leases on the handle of one session; no request outlives the session or
 * is sent again in another.
 *
 * <p>A batch is one transaction, so it holds for all its slots or for none: after a lost reply the
 * state of one slot decides for all. All calls block for a round trip or two; a connection that
 * does not answer is dropped by the client within two thirds of the session timeout.
 */
final class LeaseTransactions {
  private final ZooKeeper zooKeeper;
  private final Paths paths;
  private final String nodeId;

  LeaseTransactions(ZooKeeper zooKeeper, Paths paths, String nodeId) {
    this.zooKeeper = zooKeeper;
    this.paths = paths;
    this.nodeId = nodeId;
  }

  /** One transaction: checks the table's version, writes a heartbeat, creates the put-leases. */
  ClaimOutcome claim(int[] slots, int slotsVersion, Heartbeat heartbeat)
      throws KeeperException, InterruptedException {
    byte[] owner = nodeId.getBytes(StandardCharsets.UTF_8);
    List<Op> ops = new ArrayList<>(slots.length + 2);
    ops.add(Op.check(paths.slots(), slotsVersion));
    ops.add(Op.setData(paths.heartbeat(nodeId), heartbeat.encode(), -1));
    for (int slot : slots) {
      ops.add(
          Op.create(
              paths.putLease(slot), owner, ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL));
    }
    try {
      // create returns no Stat; setData does, and the zxid is the whole transaction's.
      OpResult.SetDataResult written = (OpResult.SetDataResult) zooKeeper.multi(ops).get(1);
      return new ClaimOutcome.Claimed(written.getStat().getMzxid());
    } catch (KeeperException e) {
      return switch (e.code()) {
        case BADVERSION -> new ClaimOutcome.StaleTable();
        case NODEEXISTS -> new ClaimOutcome.HeldByOthers(existing());
        case CONNECTIONLOSS, OPERATIONTIMEOUT, SESSIONMOVED -> new ClaimOutcome.Unknown();
        default -> throw e;
      };
    }
  }

  /** The put-leases that exist, of any session. */
  private BitSet existing() throws KeeperException, InterruptedException {
    BitSet slots = new BitSet();
    for (String name : zooKeeper.getChildren(paths.putLeases(), false)) {
      slots.set(Integer.parseInt(name));
    }
    return slots;
  }

  /**
   * The epoch since which this session holds a put-lease, or 0 if it does not. Sees all earlier
   * requests of the session.
   */
  long epochOf(int slot) throws KeeperException, InterruptedException {
    // The leader answers a sync after all earlier requests of the session, through any server;
    // requests of one session stay in order, so the read after it need not wait for its callback.
    zooKeeper.sync(paths.putLease(slot), (_, _, _) -> {}, null);
    Stat stat = zooKeeper.exists(paths.putLease(slot), false);
    return stat != null && stat.getEphemeralOwner() == zooKeeper.getSessionId()
        ? stat.getCzxid()
        : 0;
  }

  /**
   * Deletes put-leases of this session. After a ConnectionLoss call {@link #epochOf} first: a
   * deleted lease may already be another session's.
   */
  void delete(int[] slots) throws KeeperException, InterruptedException {
    List<Op> ops = new ArrayList<>(slots.length);
    for (int slot : slots) {
      ops.add(Op.delete(paths.putLease(slot), -1));
    }
    zooKeeper.multi(ops);
  }
}
