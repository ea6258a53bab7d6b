package io.larder.node.store.format;

/**
 * Which records of a fingerprint a tombstone kills. Records are named by their LSN, since copies of
 * a record share it.
 *
 * <p>A deletion kills everything older than itself but the puts that were in progress (written,
 * neither published nor discarded) when it was made: such a put may yet be acknowledged. A
 * discarded put is killed by name and nothing else is, so an older value of the key survives it.
 */
public final class Tombstone {
  /** Kills the record whose LSN is the first operand. */
  public static final int ONLY = 1;

  /** Kills all LSNs below its own but the two operands (0 for none). */
  public static final int OLDER = 2;

  /** Kills nothing: pins the value that the fingerprint has, as long as none newer is put. */
  public static final int PIN = 3;

  /** Kills nothing: ends a pin. */
  public static final int UNPIN = 4;

  /** The most puts of one key that may be in progress when it is deleted. */
  public static final int MAX_SPARED = 2;

  private Tombstone() {}

  /** Whether a tombstone kills the record of that LSN. */
  public static boolean kills(int mode, long ownLsn, long first, long second, long lsn) {
    return switch (mode) {
      case ONLY -> lsn == first;
      case OLDER -> lsn < ownLsn && lsn != first && lsn != second;
      default -> false;
    };
  }
}
