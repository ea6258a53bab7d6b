package io.larder.bench.leases;

import io.larder.node.directory.AnnounceOutcome;
import io.larder.node.directory.Deadlines;
import io.larder.node.directory.Directory;
import io.larder.node.directory.MemberTable;
import io.larder.node.directory.Rules;
import io.larder.node.directory.VoidedPuts;
import io.larder.node.service.Member;
import io.larder.protocol.Slots;
import java.util.Set;
import java.util.SplittableRandom;

/** Measures the heap bytes of an owner's directory for each key, in this process. */
final class DirectoryMemory {
  /** The design limit of an owner's keys. */
  private static final int KEYS = 2_000_000;

  /** The slots of one of three nodes. */
  private static final int SLOTS = Slots.COUNT / 3;

  private static final long EPOCH = 1;
  private static final long NEVER = Long.MAX_VALUE;

  private DirectoryMemory() {}

  /** Bytes of heap for each key, all structures of the directory included. */
  static double bytesPerKey() {
    Member holder = new Member("holder", 1);
    MemberTable members = new MemberTable();
    members.setLive(Set.of(holder));
    Directory directory =
        new Directory(
            members,
            new VoidedPuts(),
            System::nanoTime,
            () -> 0,
            () -> true,
            Rules.STANDARD,
            Deadlines.DEFAULTS);
    for (int slot = 0; slot < SLOTS; slot++) {
      directory.claim(slot, EPOCH);
    }
    long before = usedBytes();
    SplittableRandom fingerprints = new SplittableRandom(7);
    for (int i = 0; i < KEYS; i++) {
      long fingerprint = fingerprints.nextLong() | 1;
      AnnounceOutcome outcome =
          directory.announced(slot(i), EPOCH, fingerprint, holder, i + 1, NEVER);
      if (!(outcome instanceof AnnounceOutcome.Settled)) {
        throw new IllegalStateException("a fresh key is known");
      }
    }
    double bytes = usedBytes() - before;
    long entries = directory.counts().entries(); // and it is still reachable here
    return bytes / entries;
  }

  /** From slot to slot more keys, up to three times as many: tables in all states of filling. */
  private static int slot(int i) {
    return (int) (SLOTS * (Math.sqrt(1 + 8.0 * i / KEYS) - 1) / 2);
  }

  private static long usedBytes() {
    Runtime runtime = Runtime.getRuntime();
    long used = Long.MAX_VALUE;
    for (int i = 0; i < 3; i++) {
      System.gc();
      used = Math.min(used, runtime.totalMemory() - runtime.freeMemory());
    }
    return used;
  }
}
