package io.larder.node.store.log;

import io.larder.node.block.Block;
import io.larder.node.block.SlotSummary;
import io.larder.node.store.format.Location;
import io.larder.protocol.Slots;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The location of the newest record of each key: a small table per slot, created when first needed;
 * the slot is implied, so an entry is the fingerprint and a packed {@link Location}, 16 bytes.
 * Expiries, and the stamps of records that reclaim has relocated, which few entries have, lie in
 * tables beside it. Thread-safe: a short monitor per slot, never held over I/O; {@link #stamp},
 * called by every EXISTS, takes none unless the slot changes meanwhile.
 */
final class Index {
  /**
   * The locations of a slot's entries, and the tables that few need. One object and not two, since
   * a lookup finds neither in the processor's cache.
   */
  private static final class Slot extends LongTable {
    @Nullable LongTable expiries;

    /** The stamps of relocated entries: a record keeps its stamp while it lives. */
    @Nullable LongTable stamps;

    long xor;

    /**
     * Odd while the slot is being changed (a sequence lock, as Boehm describes it: "Can seqlocks
     * get along with programming language memory models?", 2012). Volatile on both sides, so that
     * it orders as the monitor would.
     */
    private volatile int version;

    Slot() {
      super(0);
    }

    Slot(LongTable locations) {
      super(locations);
    }

    /** The caller holds the monitor. */
    @SuppressWarnings("NonAtomicVolatileUpdate")
    void beginChange() {
      version++;
      VarHandle.storeStoreFence();
    }

    @SuppressWarnings("NonAtomicVolatileUpdate")
    void endChange() {
      version++;
    }

    int version() {
      return version;
    }

    /** Whether all reads since that version was read are valid. */
    boolean isUnchangedSince(int before) {
      VarHandle.loadLoadFence();
      return (before & 1) == 0 && version == before;
    }
  }

  /** Visits the entries of a slot. */
  interface Visitor {
    void visit(long fingerprint, long location, long stamp, long expiresAtMs);
  }

  private final AtomicReferenceArray<Slot> slots = new AtomicReferenceArray<>(Slots.COUNT);
  private final Segments segments;

  Index(Segments segments) {
    this.segments = segments;
  }

  /** The location of the entry if it is present and not expired at {@code nowMs}, else 0. */
  long get(int slot, long fingerprint, long nowMs) {
    Slot s = slots.get(slot);
    if (s == null) {
      return 0;
    }
    synchronized (s) {
      long location = s.get(fingerprint);
      return location == 0 || isExpired(s, fingerprint, nowMs) ? 0 : location;
    }
  }

  /**
   * The stamp of the entry if it is present and not expired, else 0.
   *
   * @param nowMs called only if the entry can expire
   */
  long stamp(int slot, long fingerprint, LongSupplier nowMs) {
    Slot s = slots.get(slot);
    if (s == null) {
      return 0;
    }
    int before = s.version();
    long stamp = liveStamp(s, fingerprint, nowMs);
    if (s.isUnchangedSince(before)) {
      return stamp;
    }
    synchronized (s) {
      return liveStamp(s, fingerprint, nowMs);
    }
  }

  private long liveStamp(Slot s, long fingerprint, LongSupplier nowMs) {
    long location = s.get(fingerprint);
    if (location == 0) {
      return 0;
    }
    long expiry = expiry(s, fingerprint);
    return expiry != Block.NEVER && nowMs.getAsLong() >= expiry
        ? 0
        : stamp(s, fingerprint, location);
  }

  /** Changes the location of an entry if it still has the old one; its stamp stays. */
  boolean move(int slot, long fingerprint, long from, long to) {
    Slot s = slots.get(slot);
    if (s == null) {
      return false;
    }
    synchronized (s) {
      if (s.get(fingerprint) != from) {
        return false;
      }
      LongTable stamps = s.stamps;
      if (stamps == null) {
        stamps = new LongTable(0);
        s.stamps = stamps;
      }
      s.beginChange();
      try {
        stamps.put(fingerprint, stamp(s, fingerprint, from));
        s.put(fingerprint, to);
      } finally {
        s.endChange();
      }
      return true;
    }
  }

  /**
   * Retains the segment of a record if the entry still has that location. Reclaim removes the
   * entries first and then waits for the readers, so a retained segment does not change.
   */
  boolean tryRetain(int slot, long fingerprint, long location, long nowMs) {
    int segment = Location.segment(location);
    segments.retain(segment);
    if (get(slot, fingerprint, nowMs) == location) {
      return true;
    }
    segments.release(segment);
    return false;
  }

  long expiryOf(int slot, long fingerprint) {
    Slot s = slots.get(slot);
    if (s == null) {
      return Block.NEVER;
    }
    synchronized (s) {
      return expiry(s, fingerprint);
    }
  }

  /** Installs the entries of a slot that recovery found. */
  void install(int slot, LongTable locations, @Nullable LongTable expiries) {
    Slot made = new Slot(locations);
    made.expiries = expiries;
    for (int i = 0; i < locations.capacity(); i++) {
      made.xor ^= locations.hashAt(i);
    }
    slots.set(slot, made);
  }

  /** Puts an entry and returns the location it replaced, or 0. */
  long put(int slot, long fingerprint, long location, long expiresAtMs) {
    Slot s = slots.get(slot);
    if (s == null) {
      Slot made = new Slot();
      s = slots.compareAndExchange(slot, null, made);
      if (s == null) {
        s = made;
      }
    }
    synchronized (s) {
      s.beginChange();
      try {
        return put(s, fingerprint, location, expiresAtMs);
      } finally {
        s.endChange();
      }
    }
  }

  private static long put(Slot s, long fingerprint, long location, long expiresAtMs) {
    long old = s.put(fingerprint, location);
    if (old == 0) {
      s.xor ^= fingerprint;
    }
    forgetStamp(s, fingerprint);
    LongTable expiries = s.expiries;
    if (expiresAtMs != Block.NEVER) {
      if (expiries == null) {
        expiries = new LongTable(0);
        s.expiries = expiries;
      }
      expiries.put(fingerprint, Math.max(1, expiresAtMs));
    } else if (expiries != null) {
      expiries.remove(fingerprint);
    }
    return old;
  }

  /** Removes the entry if it still has that location; returns its stamp, or 0 if it has not. */
  long remove(int slot, long fingerprint, long location) {
    Slot s = slots.get(slot);
    if (s == null) {
      return 0;
    }
    synchronized (s) {
      if (s.get(fingerprint) != location) {
        return 0;
      }
      long stamp = stamp(s, fingerprint, location);
      s.beginChange();
      try {
        forgetStamp(s, fingerprint);
        s.remove(fingerprint);
        s.xor ^= fingerprint;
        LongTable expiries = s.expiries;
        if (expiries != null) {
          expiries.remove(fingerprint);
        }
      } finally {
        s.endChange();
      }
      return stamp;
    }
  }

  /** Visits a copy of the slot's entries, expired ones left out. */
  void forEach(int slot, long nowMs, Visitor visitor) {
    Slot s = slots.get(slot);
    if (s == null) {
      return;
    }
    long[] copy;
    int n = 0;
    synchronized (s) {
      copy = new long[4 * s.size()];
      for (int i = 0; i < s.capacity(); i++) {
        long fingerprint = s.hashAt(i);
        if (fingerprint != 0 && !isExpired(s, fingerprint, nowMs)) {
          copy[n++] = fingerprint;
          copy[n++] = s.valueAt(i);
          copy[n++] = stamp(s, fingerprint, s.valueAt(i));
          copy[n++] = expiry(s, fingerprint);
        }
      }
    }
    for (int i = 0; i < n; i += 4) {
      visitor.visit(copy[i], copy[i + 1], copy[i + 2], copy[i + 3]);
    }
  }

  /** Count and XOR of the slot's fingerprints, expired ones left out. */
  SlotSummary summary(int slot, long nowMs) {
    Slot s = slots.get(slot);
    if (s == null) {
      return SlotSummary.EMPTY;
    }
    synchronized (s) {
      int count = s.size();
      long xor = s.xor;
      LongTable expiries = s.expiries;
      for (int i = 0; expiries != null && i < expiries.capacity(); i++) {
        if (expiries.hashAt(i) != 0 && nowMs >= expiries.valueAt(i)) {
          count--;
          xor ^= expiries.hashAt(i);
        }
      }
      return new SlotSummary(count, xor);
    }
  }

  /** All entries, expired ones included. */
  long size() {
    long sum = 0;
    for (int i = 0; i < Slots.COUNT; i++) {
      Slot s = slots.get(i);
      if (s != null) {
        synchronized (s) {
          sum += s.size();
        }
      }
    }
    return sum;
  }

  private long stamp(Slot s, long fingerprint, long location) {
    LongTable stamps = s.stamps;
    long kept = stamps == null ? 0 : stamps.get(fingerprint);
    return kept == 0 ? segments.stamp(location) : kept;
  }

  private static void forgetStamp(Slot s, long fingerprint) {
    LongTable stamps = s.stamps;
    if (stamps != null) {
      stamps.remove(fingerprint);
      if (stamps.size() == 0) {
        s.stamps = null;
      }
    }
  }

  private static long expiry(Slot s, long fingerprint) {
    LongTable expiries = s.expiries;
    long expiry = expiries == null ? 0 : expiries.get(fingerprint);
    return expiry == 0 ? Block.NEVER : expiry;
  }

  private static boolean isExpired(Slot s, long fingerprint, long nowMs) {
    return nowMs >= expiry(s, fingerprint);
  }
}
