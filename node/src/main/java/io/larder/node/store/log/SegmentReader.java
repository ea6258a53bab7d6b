package io.larder.node.store.log;

import io.larder.node.device.BlockingIo;
import io.larder.node.device.Device;
import io.larder.node.store.format.Checksum;
import io.larder.node.store.format.Geometry;
import io.larder.node.store.format.GroupHeader;
import io.larder.node.store.format.Location;
import io.larder.node.store.format.Nonce;
import io.larder.node.store.format.RecordHeader;
import io.larder.node.store.format.SegmentFooter;
import io.larder.node.store.format.SegmentHeader;
import io.larder.protocol.Limits;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Reads the records of a segment: the list in its footer, or by a scan of every block if there is
 * no footer, since an unacknowledged hole may precede an acknowledged record. Waits for the device;
 * one thread.
 */
final class SegmentReader implements AutoCloseable {
  /** The size of one read, and the most bytes that are examined at once. */
  private static final int PIECE_BYTES = GroupHeader.MAX_GROUP_BYTES;

  /** A piece and the rest of the one before. */
  private static final int WINDOW_BYTES = 2 * PIECE_BYTES;

  /** The damaged part of a record. */
  enum Fault {
    HEADER,
    VALUE,
    /** Only the header of its group, which does not list it. */
    GROUP
  }

  private final Device device;
  private final Geometry geometry;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment window = arena.allocate(WINDOW_BYTES, Device.BLOCK_BYTES);
  private final ByteBuffer bytes = window.asByteBuffer();
  private int windowSegment = -1;
  private int windowFrom;
  private int windowTo;
  private BlockingIo.@Nullable Read next;
  private long bytesRead;
  private long torn;
  private long stale;
  private long dirtyPadding;

  SegmentReader(Device device, Geometry geometry) {
    this.device = device;
    this.geometry = geometry;
  }

  /** Bytes read from the device so far. */
  long bytesRead() {
    return bytesRead;
  }

  /** Records found by a scan that were not whole. */
  long torn() {
    return torn;
  }

  /** Records and groups found by a scan that belong to an earlier writing of their segment. */
  long stale() {
    return stale;
  }

  /** Records found by a scan whose padding is not zero. */
  long dirtyPadding() {
    return dirtyPadding;
  }

  @Override
  public void close() {
    abandonNext();
    arena.close();
  }

  /** The segment's header, or null if there is no valid one. */
  @Nullable SegmentHeader header(int segment, UUID deviceUuid) throws IOException {
    return SegmentHeader.decode(block(segment, 0), deviceUuid, segment);
  }

  /** The footer of that writing of the segment, or null if it has none or it is damaged. */
  @Nullable SegmentFooter footer(int segment, int generation, Nonce nonce) throws IOException {
    int end = geometry.segmentBytes();
    int block = Geometry.BLOCK_BYTES;
    ByteBuffer last = block(segment, end - block);
    int blocks = SegmentFooter.blocks(last, segment, generation, nonce);
    if (blocks == 0 || (long) blocks * block > end - SegmentHeader.BYTES) {
      return null;
    }
    if (blocks == 1) {
      return SegmentFooter.decode(last, segment, generation, nonce);
    }
    try (Arena whole = Arena.ofShared()) {
      MemorySegment memory = whole.allocate((long) blocks * block, block);
      MemorySegment others = memory.asSlice(0, memory.byteSize() - block);
      BlockingIo.read(device, geometry.segmentOffset(segment) + end - memory.byteSize(), others);
      bytesRead += others.byteSize();
      MemorySegment.copy(window, 0, memory, others.byteSize(), block);
      return SegmentFooter.decode(memory.asByteBuffer(), segment, generation, nonce);
    }
  }

  /** Reads every block and lists the whole records of that writing. */
  SegmentFooter scan(int segment, int generation, Nonce nonce) throws IOException {
    SegmentFooter found = new SegmentFooter();
    abandonNext();
    windowSegment = -1;
    int at = SegmentHeader.BYTES;
    while (at < geometry.segmentBytes()) {
      int length = scanLarge(found, segment, generation, nonce, at);
      if (length == 0) {
        length = scanGroup(found, segment, generation, nonce, at);
      }
      at += length == 0 ? Geometry.BLOCK_BYTES : length;
    }
    return found;
  }

  private int scanLarge(SegmentFooter found, int segment, int generation, Nonce nonce, int at)
      throws IOException {
    RecordHeader header = RecordHeader.decode(bytes, load(segment, at, Geometry.BLOCK_BYTES));
    if (header == null || header.kind() != RecordHeader.Kind.LARGE) {
      return 0;
    }
    if (!isAt(header, segment, generation, nonce, at)) {
      stale++;
      return 0;
    }
    if (isValueWhole(segment, at, header)) {
      found.add(header);
    } else {
      torn++;
    }
    return Location.UNIT_BYTES
        * header.place().lengthUnits(); // the extent was reserved for it alone
  }

  /** Whether all chunks of a large record's value verify. */
  private boolean isValueWhole(int segment, int at, RecordHeader header) throws IOException {
    for (int i = 0; i < header.crcs().length; i++) {
      int offset = at + RecordHeader.LARGE_HEADER_BYTES + i * Limits.CHUNK_BYTES;
      int chunk = Math.min(Limits.CHUNK_BYTES, header.valueLength() - i * Limits.CHUNK_BYTES);
      int padded = (chunk + Geometry.BLOCK_BYTES - 1) & -Geometry.BLOCK_BYTES;
      int from = load(segment, offset, padded);
      if (crc(from, chunk) != header.crcs()[i]) {
        return false;
      }
      notePadding(from + chunk, from + padded);
    }
    return true;
  }

  private void notePadding(int from, int to) {
    for (int at = from; at < to; at++) {
      if (bytes.get(at) != 0) {
        dirtyPadding++;
        return;
      }
    }
  }

  /** The damaged part of a record that a footer lists and a scan has not found. */
  Fault fault(int segment, int generation, Nonce nonce, SegmentFooter footer, int i)
      throws IOException {
    int at = footer.offsetUnits(i) * Location.UNIT_BYTES;
    int length = footer.lengthUnits(i) * Location.UNIT_BYTES;
    int block = at & -Geometry.BLOCK_BYTES;
    int ahead = Math.min(PIECE_BYTES, geometry.segmentBytes() - block);
    int from = load(segment, block, ahead) + at - block;
    int room = Math.min(length, windowTo - at);
    RecordHeader header = RecordHeader.decode(bytes.slice(from, room), 0);
    if (header == null
        || !isAt(header, segment, generation, nonce, at)
        || header.lsn() != footer.lsn(i)) {
      return Fault.HEADER;
    }
    boolean whole =
        header.kind() == RecordHeader.Kind.LARGE
            ? isValueWhole(segment, at, header)
            : isSmallWhole(from, header);
    return whole ? Fault.GROUP : Fault.VALUE;
  }

  private boolean isSmallWhole(int from, RecordHeader header) {
    return header.valueLength() == 0
        || crc(from + header.headerBytes(), header.valueLength()) == header.crcs()[0];
  }

  private int scanGroup(SegmentFooter found, int segment, int generation, Nonce nonce, int at)
      throws IOException {
    int from = load(segment, at, Geometry.BLOCK_BYTES);
    int length = GroupHeader.peekLength(bytes, from);
    if (length == 0 || length > geometry.segmentBytes() - at) {
      return 0;
    }
    from = load(segment, at, length);
    GroupHeader group = GroupHeader.decode(bytes, from);
    if (group == null) {
      return 0;
    }
    if (group.segment() != segment
        || !group.isOf(generation, nonce)
        || group.offsetUnits() != at / Location.UNIT_BYTES) {
      stale++;
      return 0;
    }
    ByteBuffer extent = bytes.slice(from, length);
    for (int place : group.places()) {
      int offset = GroupHeader.placeOffset(place) * Location.UNIT_BYTES;
      int size = GroupHeader.placeLength(place) * Location.UNIT_BYTES;
      RecordHeader header =
          offset + size > length ? null : RecordHeader.decode(extent.slice(offset, size), 0);
      if (header == null
          || header.kind() == RecordHeader.Kind.LARGE
          || header.place().lengthUnits() != size / Location.UNIT_BYTES
          || !isAt(header, segment, generation, nonce, at + offset)
          || !isSmallWhole(from + offset, header)) {
        torn++;
        continue;
      }
      notePadding(
          from + offset + header.headerBytes() + header.valueLength(), from + offset + size);
      found.add(header);
    }
    return length;
  }

  private boolean isAt(RecordHeader header, int segment, int generation, Nonce nonce, int at) {
    long bytes = header.extentBytes();
    return header
            .place()
            .is(segment, generation, nonce, at / Location.UNIT_BYTES, bytes / Location.UNIT_BYTES)
        && at + bytes <= geometry.segmentBytes();
  }

  private int crc(int from, int length) {
    return Checksum.of(bytes, from, from + length);
  }

  /**
   * Loads {@code length} bytes at {@code at}; returns their position in the window. Going forward,
   * nothing is read twice, and the next piece is read ahead.
   */
  private int load(int segment, int at, int length) throws IOException {
    while (windowSegment != segment || at < windowFrom || at + length > windowTo) {
      BlockingIo.Read read = next;
      if (windowSegment != segment
          || at < windowFrom
          || read == null
          || at >= windowTo + read.bytes()) {
        abandonNext();
        windowSegment = segment;
        windowFrom = at;
        windowTo = at;
        read = begin(segment, at);
      }
      int from = Math.min(at, windowTo);
      int kept = windowTo - from;
      if (kept > 0) {
        MemorySegment.copy(window, from - windowFrom, window, 0, kept);
      }
      windowFrom = from;
      windowTo += read.bytes();
      next = windowTo < geometry.segmentBytes() ? begin(segment, windowTo) : null;
      boolean filled = false;
      try {
        read.await(window.asSlice(kept));
        filled = true;
      } finally {
        windowSegment = filled ? segment : -1;
      }
    }
    return at - windowFrom;
  }

  private BlockingIo.Read begin(int segment, int at) {
    int bytes = Math.min(PIECE_BYTES, geometry.segmentBytes() - at);
    bytesRead += bytes;
    return BlockingIo.begin(device, geometry.segmentOffset(segment) + at, bytes);
  }

  private void abandonNext() {
    BlockingIo.Read read = next;
    next = null;
    if (read != null) {
      read.abandon();
    }
  }

  /** One block by itself. */
  private ByteBuffer block(int segment, int at) throws IOException {
    MemorySegment block = window.asSlice(0, Geometry.BLOCK_BYTES);
    abandonNext();
    windowSegment = -1;
    BlockingIo.read(device, geometry.segmentOffset(segment) + at, block);
    bytesRead += block.byteSize();
    return bytes.slice(0, Geometry.BLOCK_BYTES);
  }
}
