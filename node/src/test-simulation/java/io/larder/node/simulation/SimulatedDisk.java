package io.larder.node.simulation;

import io.larder.protocol.PutToken;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A node's device, which outlives crashes: records and tombstones in the order of their LSNs.
 * Recovery is the store's rule: of a key's records that no tombstone kills the one with the highest
 * LSN is visible, settled before the crash or not.
 */
final class SimulatedDisk {
  /**
   * A record. Its stamp names it for one life at least: reclaim may have moved it by the next.
   *
   * @param put the number of the attempt that wrote it
   */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  record Entry(
      byte[] key,
      int slot,
      long fingerprint,
      long lsn,
      long stamp,
      PutToken token,
      byte[] metadata,
      long expiresAtMs,
      int put) {

    Entry restamped(long newStamp) {
      return new Entry(key, slot, fingerprint, lsn, newStamp, token, metadata, expiresAtMs, put);
    }
  }

  private final Map<Long, Entry> records = new HashMap<>();
  private long lsn;
  private long stamps;

  long nextLsn() {
    return ++lsn;
  }

  long nextStamp() {
    return ++stamps;
  }

  void append(Entry entry) {
    records.put(entry.lsn(), entry);
  }

  /** A tombstone for one record. */
  void kill(long recordLsn) {
    records.remove(recordLsn);
  }

  /** A tombstone for all of a key's records up to an LSN. */
  void killUpTo(long fingerprint, long lastLsn) {
    records.values().removeIf(r -> r.fingerprint() == fingerprint && r.lsn() <= lastLsn);
  }

  /** The records that a restart finds, by fingerprint. */
  Map<Long, Entry> recover(boolean restamp) {
    List<Entry> inOrder = new ArrayList<>(records.values());
    inOrder.sort(Comparator.comparingLong(Entry::lsn));
    Map<Long, Entry> visible = new HashMap<>();
    for (Entry entry : inOrder) {
      Entry found = restamp ? entry.restamped(nextStamp()) : entry;
      records.put(found.lsn(), found);
      visible.put(found.fingerprint(), found);
    }
    return visible;
  }

  /** Records of a key that would be there after a restart. */
  boolean holds(long fingerprint) {
    return records.values().stream().anyMatch(r -> r.fingerprint() == fingerprint);
  }

  boolean holdsPut(int put) {
    return records.values().stream().anyMatch(r -> r.put() == put);
  }
}
