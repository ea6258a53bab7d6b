package io.larder.node.store;

/**
 * Which records of a fingerprint a tombstone kills, told by LSN since copies of a record share it.
 *
 * <p>A deletion kills everything older than itself but the puts that were under way (written,
 * neither published nor discarded) when it was made: such a put may yet be acknowledged. A
 * discarded put is killed by name and nothing else is, so an older value of the key survives it.
 */
final class Tombstone {
  /** Kills the record whose LSN is the first operand. */
  static final int ONLY = 1;

  /** Kills all LSNs below its own but the two operands (0 for none). */
  static final int OLDER = 2;

  /** Kills nothing: pins the value that the fingerprint has, as long as none newer is put. */
  static final int PIN = 3;

  /** Kills nothing: ends a pin. */
  static final int UNPIN = 4;

  /** How many puts of one key may be under way while it is deleted. */
  static final int MAX_SPARED = 2;

  private Tombstone() {}

  /** Whether a tombstone kills the record of that LSN. */
  static boolean kills(int mode, long ownLsn, long first, long second, long lsn) {
    return switch (mode) {
      case ONLY -> lsn == first;
      case OLDER -> lsn < ownLsn && lsn != first && lsn != second;
      default -> false;
    };
  }
}
