package io.larder.node.store.log;

import io.larder.node.store.format.Nonce;
import io.larder.node.store.format.SegmentFooter;
import io.larder.node.store.format.SegmentHeader;

/** A segment that takes records. Guarded by its {@link Appender}'s lock. */
final class OpenSegment {
  private final int index;
  private final int generation;
  private final Nonce nonce;
  private final int segmentBytes;
  private final SegmentFooter footer = new SegmentFooter();
  private int nextByte = SegmentHeader.BYTES;
  private int inFlight;
  private boolean sealing;

  OpenSegment(int index, int generation, Nonce nonce, int segmentBytes) {
    this.index = index;
    this.generation = generation;
    this.nonce = nonce;
    this.segmentBytes = segmentBytes;
  }

  int index() {
    return index;
  }

  int generation() {
    return generation;
  }

  Nonce nonce() {
    return nonce;
  }

  SegmentFooter footer() {
    return footer;
  }

  /** Whether an extent of whole blocks fits together with the footer it will need. */
  boolean fits(long bytes, int records) {
    return !sealing
        && nextByte + bytes + SegmentFooter.bytes(footer.count() + records) <= segmentBytes;
  }

  boolean isHalfFull() {
    return nextByte > segmentBytes / 2;
  }

  /** Reserves an extent and counts one write in flight; returns its offset in the segment. */
  int take(long bytes) {
    int at = nextByte;
    nextByte += (int) bytes;
    inFlight++;
    return at;
  }

  /** Ends one write; true if the segment can now be sealed. */
  boolean wrote() {
    inFlight--;
    return sealing && inFlight == 0;
  }

  /** Accepts no more records; true if nothing is in flight. */
  boolean seal() {
    sealing = true;
    return inFlight == 0;
  }
}
