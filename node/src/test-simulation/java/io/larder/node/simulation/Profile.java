package io.larder.node.simulation;

import static io.larder.node.simulation.Schedule.MS;
import static io.larder.node.simulation.Schedule.SECOND;

/**
 * The kind of run that a seed makes. Each run draws a few faults and leaves the others out ("swarm
 * testing", Groce and others, 2012), since one fault may hide the effect of another.
 *
 * @param nodes how many
 * @param slots how many slots are owned
 * @param keys how many keys are used, spread over the slots
 * @param freshNs after how long the clients turn to the next key; 0 = they use all of them all the
 *     time
 * @param clients how many act at a time
 * @param thinkNs mean time between two operations of a client
 * @param chaosNs how long faults happen
 * @param sessionMs ZooKeeper's session timeout; the servers' tick is a third, the heartbeat a sixth
 * @param putLeaseMs how long a put has its key to itself
 * @param slow probability of a slow message, up to {@code slowNs}
 * @param lose probability that a message is lost
 * @param twice probability that a message comes twice
 * @param diskSlow probability of a slow device operation
 * @param diskFails probability of a failed device write
 * @param stall probability that a node stalls right after it looked at its fence
 * @param evictNs mean time between evictions; 0 = none
 * @param moveSlotNs mean time between changes of the slot table; 0 = none
 * @param handOverNs mean time between handovers of a slot with answers under way; 0 = none
 * @param moveRecordsNs mean time between moves of records; 0 = none
 * @param crashNs mean time between crashes, and so on
 * @param expiries whether values expire
 */
record Profile(
    int nodes,
    int slots,
    int keys,
    long freshNs,
    int clients,
    long thinkNs,
    long chaosNs,
    int sessionMs,
    long putLeaseMs,
    double slow,
    long slowNs,
    double lose,
    double twice,
    double diskSlow,
    double diskFails,
    double stall,
    long evictNs,
    long moveSlotNs,
    long handOverNs,
    long moveRecordsNs,
    long crashNs,
    long stopNs,
    long pauseNs,
    long cutNs,
    long cutZooKeeperNs,
    long serverFailsNs,
    boolean expiries,
    boolean deletes,
    boolean restamps) {

  /** As long as in production. */
  private static final long PUT_LEASE_MS = 30_000;

  /** A quarter of the runs are handover storms, a tenth races, the others mixed. */
  static Profile draw(Schedule s) {
    int dice = s.below(100);
    return dice < 25 ? storm(s) : dice < 35 ? race(s) : swarm(s);
  }

  private static Profile swarm(Schedule s) {
    return new Profile(
        2 + s.below(3),
        1 + s.below(3),
        1 + s.below(4),
        0,
        2 + s.below(5),
        s.between(20 * MS, 500 * MS),
        (8 + s.below(18)) * SECOND,
        s.chance(0.5) ? 3_000 : 6_000,
        s.chance(0.5) ? PUT_LEASE_MS : s.between(200, 5_000),
        s.chance(0.6) ? s.between(MS, 500 * MS) / 1e9 : 0,
        s.between(20 * MS, 1_500 * MS),
        s.chance(0.5) ? s.between(MS, 100 * MS) / 1e9 : 0,
        s.chance(0.5) ? s.between(MS, 100 * MS) / 1e9 : 0,
        s.chance(0.4) ? s.between(5 * MS, 300 * MS) / 1e9 : 0,
        s.chance(0.2) ? s.between(5 * MS, 100 * MS) / 1e9 : 0,
        s.chance(0.3) ? s.between(MS / 4, 10 * MS) / 1e9 : 0,
        often(s, 0.4),
        often(s, 0.6),
        0,
        often(s, 0.3),
        often(s, 0.6),
        often(s, 0.2),
        often(s, 0.5),
        often(s, 0.5),
        often(s, 0.5),
        often(s, 0.3),
        s.chance(0.2),
        s.chance(0.5),
        s.chance(0.3));
  }

  /**
   * One slot changes hands all the time while messages are slow, records move and nodes come and
   * go, so that messages of earlier owners arrive late.
   */
  static Profile storm(Schedule s) {
    return new Profile(
        3 + s.below(2),
        1,
        1 + s.below(2),
        0,
        4 + s.below(3),
        s.between(20 * MS, 100 * MS),
        (15 + s.below(10)) * SECOND,
        3_000,
        s.chance(0.3) ? PUT_LEASE_MS : s.between(50, 1_000),
        s.between(100 * MS, 600 * MS) / 1e9,
        s.between(300 * MS, 1_500 * MS),
        s.chance(0.3) ? s.between(MS, 50 * MS) / 1e9 : 0,
        0,
        s.chance(0.5) ? s.between(50 * MS, 500 * MS) / 1e9 : 0,
        0,
        0,
        0,
        s.between(150 * MS, 1_500 * MS),
        0,
        s.between(200 * MS, 1_000 * MS),
        s.between(2 * SECOND, 8 * SECOND),
        0,
        s.between(2 * SECOND, 8 * SECOND),
        0,
        s.between(SECOND, 8 * SECOND),
        0,
        false,
        true,
        s.chance(0.3));
  }

  /**
   * One slot changes hands while the answers of its owner are on their way, all clients put the
   * same fresh key, and leases are short: an owner's answer often arrives when another writer has
   * the key under the next owner.
   */
  static Profile race(Schedule s) {
    return new Profile(
        3,
        1,
        24,
        s.between(100 * MS, 500 * MS),
        5 + s.below(3),
        s.between(5 * MS, 30 * MS),
        (3 + s.below(4)) * SECOND,
        6_000,
        s.between(50, 300),
        s.chance(0.5) ? s.between(10 * MS, 100 * MS) / 1e9 : 0,
        s.between(300 * MS, 950 * MS),
        0,
        0,
        s.chance(0.5) ? s.between(10 * MS, 100 * MS) / 1e9 : 0,
        0,
        0,
        0,
        0,
        s.between(150 * MS, 600 * MS),
        s.chance(0.5) ? s.between(300 * MS, 2_000 * MS) : 0,
        0,
        0,
        s.chance(0.3) ? s.between(2 * SECOND, 8 * SECOND) : 0,
        0,
        0,
        0,
        false,
        s.chance(0.5),
        false);
  }

  private static long often(Schedule s, double probability) {
    return s.chance(probability) ? s.between(SECOND, 15 * SECOND) : 0;
  }
}
