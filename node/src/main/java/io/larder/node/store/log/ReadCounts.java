package io.larder.node.store.log;

/**
 * Counts roughly how often keys were read lately: a counter of one byte for every hash of a key, to
 * which a read adds {@link #READ} and which is halved whenever reclaim has passed half the device,
 * so that a read counts half as much after each half turn (LRFU: Lee et al., IEEE Transactions on
 * Computers 50, 2001). Keys that share a counter look warmer than they are, which costs a needless
 * copy at worst. A counter outlives the record: a key that is put again keeps it. 4 MiB.
 * Thread-safe; races lose a read at worst.
 */
final class ReadCounts {
  /** What one read adds. */
  static final int READ = 16;

  private static final int MAX = 255;
  private static final int COUNTERS = 1 << 22;

  private final byte[] counters = new byte[COUNTERS];

  void add(long fingerprint) {
    int at = at(fingerprint);
    counters[at] = (byte) Math.min(MAX, (counters[at] & 0xff) + READ);
  }

  /** The reads of the key, 0 to 255, older ones counting for less. */
  int of(long fingerprint) {
    return counters[at(fingerprint)] & 0xff;
  }

  /** Halves everything. */
  void age() {
    for (int i = 0; i < COUNTERS; i++) {
      counters[i] = (byte) ((counters[i] & 0xff) >>> 1);
    }
  }

  private static int at(long fingerprint) {
    return (int) ((fingerprint * 0x9e3779b97f4a7c15L) >>> 42);
  }
}
