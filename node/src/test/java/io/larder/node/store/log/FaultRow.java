package io.larder.node.store.log;

/** What a device can do to its store, and what is expected then: the table of docs/faults.md. */
public enum FaultRow {
  TEAR(
      "tear at every 512 B and 4 KiB boundary of record, group, footer, segment header, table,"
          + " superblock",
      "unacknowledged absent; everything else intact; the other copy used"),
  REORDERED("reordered, or any subset of the writes pending before a flush", "the same"),
  LOST_WRITE("a write the device acknowledged and lost", "a miss, counted"),
  MISDIRECTED(
      "misdirected write or read", "own offset and nonce reject it; the victim becomes a miss"),
  BIT_ROT("bit rot, padding included", "read again once, then dropped"),
  STALE(
      "stale read; rollback of the table or of a superblock",
      "generations reject it; never a crash"),
  BOTH_SIDES("both sides of the checkpoint bad", "the segments' headers are scanned"),
  SHORT_TRANSFER("short read or write, EINTR", "resumed aligned; zero bytes is an error"),
  EIO_ON_READ("EIO on read", "a miss; the segment is quarantined and counted"),
  EIO_ON_WRITE("EIO on write", "the put fails; sealed, on in a new segment; after 16, read-only"),
  EIO_ON_FLUSH(
      "EIO or timeout on flush", "every unacknowledged put fails; fenced, never tried again"),
  ENOSPC("ENOSPC (file or thin device)", "refused, never a crash"),
  SMALLER("device smaller than its superblock says", "refused"),
  GROWN("device grown", "old geometry"),
  WRONG_DEVICE(
      "wrong device, two devices swapped, a foreign file system",
      "refused or nothing of it believed; formatting needs force"),
  TWO_PROCESSES(
      "two processes open one device", "the second is refused; a mount nonce fences a zombie"),
  OTHER_FORMAT("older or newer format", "an incompatible one is refused; never wiped"),
  CONFIGURATION("changed configuration", "the superblock wins"),
  CLOCK("the clock jumps", "LSNs unaffected; expiry by logical time"),
  CRASH_IN_BETWEEN(
      "crash in mid-relocation, mid-seal, mid-format",
      "duplicates tolerated; scanned again; unformatted"),
  READER_IN_RECLAIM(
      "a reader holds a record while its segment is reclaimed", "never another key's bytes"),
  IMAGE_OF_A_RECORD("a value that contains the image of a record", "never indexed"),
  STALLED("the device vanishes or stalls", "fenced; misses; queues stay bounded");

  private final String fault;
  private final String expected;

  FaultRow(String fault, String expected) {
    this.fault = fault;
    this.expected = expected;
  }

  String fault() {
    return fault;
  }

  String expected() {
    return expected;
  }
}
