package io.larder.node.store.log;

import io.larder.node.block.Payload;
import io.larder.node.store.format.Location;
import io.larder.node.store.format.RecordHeader;
import io.larder.protocol.PutToken;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The writing of one record. Fields that are not final are set when its extent is reserved. */
final class Append {
  static final byte[] NONE = {};
  private static final int[] NO_CRCS = {};

  final RecordHeader.Kind kind;
  final int slot;
  final long fingerprint;
  final byte[] key;
  final byte[] metadata;
  final long expiresAtMs;

  /** Completes on a device thread when the record is durable; fails as soon as it cannot be. */
  final CompletableFuture<Append> done = new CompletableFuture<>();

  private final int valueLength;
  private final int[] crcs;
  private @Nullable Payload held;
  private int mode;
  private boolean copy;
  private PutToken token;
  private long lsn;
  private long location;
  private int footerNumber;

  private Append(
      RecordHeader.Kind kind,
      int slot,
      long fingerprint,
      byte[] key,
      byte[] metadata,
      int valueLength,
      int[] crcs,
      long expiresAtMs,
      PutToken token) {
    this.kind = kind;
    this.slot = slot;
    this.fingerprint = fingerprint;
    this.key = key;
    this.metadata = metadata;
    this.valueLength = valueLength;
    this.crcs = crcs;
    this.expiresAtMs = expiresAtMs;
    this.token = token;
  }

  /** A new value; its payload is retained until {@link #release}. */
  static Append value(
      int slot,
      long fingerprint,
      byte[] key,
      byte[] metadata,
      Payload payload,
      long expiresAtMs,
      PutToken token) {
    RecordHeader.Kind kind =
        payload.length() >= RecordHeader.LARGE_VALUE_BYTES
            ? RecordHeader.Kind.LARGE
            : RecordHeader.Kind.SMALL;
    payload.clearPadding();
    Append append =
        new Append(
            kind,
            slot,
            fingerprint,
            key,
            metadata,
            payload.length(),
            payload.crcs(),
            expiresAtMs,
            token);
    append.held = payload.retain();
    return append;
  }

  /** A record that is relocated under its LSN; takes over the caller's reference to its value. */
  static Append copy(RecordHeader header, Payload payload) {
    payload.clearPadding();
    Append append =
        new Append(
            header.kind(),
            header.slot(),
            header.fingerprint(),
            header.key(),
            header.metadata(),
            header.valueLength(),
            header.crcs(),
            header.expiresAtMs(),
            header.token());
    append.lsn = header.lsn();
    append.copy = true;
    append.held = payload;
    return append;
  }

  /** A tombstone or pin marker; with an LSN of 0 it gets its own when it is reserved. */
  static Append tombstone(int slot, long fingerprint, int mode, long lsn, long first, long second) {
    Append append =
        new Append(
            RecordHeader.Kind.TOMBSTONE,
            slot,
            fingerprint,
            NONE,
            NONE,
            0,
            NO_CRCS,
            Long.MAX_VALUE,
            new PutToken(first, second));
    append.mode = mode;
    append.lsn = lsn;
    return append;
  }

  boolean isTombstone() {
    return kind == RecordHeader.Kind.TOMBSTONE;
  }

  /** Whether it is a new value, to be published or discarded once it is written. */
  boolean isPut() {
    return !isTombstone() && !copy;
  }

  int mode() {
    return mode;
  }

  /** Sets the LSNs that a deletion spares, known only when its own is. */
  void spare(long first, long second) {
    token = new PutToken(first, second);
  }

  /**
   * Releases the value, once, when nothing reads it any more: not when {@link #done} fails, which
   * may be long before the device has answered.
   */
  void release() {
    Payload payload = held;
    held = null;
    if (payload != null) {
      payload.release();
    }
  }

  int valueLength() {
    return valueLength;
  }

  /** The value until it is released, in whole blocks; the padding of the last one is zero. */
  Payload value() {
    return Objects.requireNonNull(held);
  }

  long extentBytes() {
    return RecordHeader.extentBytes(kind, key.length, metadata.length, valueLength());
  }

  long lsn() {
    return lsn;
  }

  long location() {
    return location;
  }

  int footerNumber() {
    return footerNumber;
  }

  /** Fixes the record's place and order; returns the header to be written. */
  RecordHeader reserved(OpenSegment segment, int offsetUnits, long newLsn) {
    lsn = newLsn;
    int lengthUnits = Location.units(extentBytes());
    location = Location.pack(segment.index(), offsetUnits, lengthUnits);
    RecordHeader header =
        new RecordHeader(
            kind,
            mode,
            slot,
            fingerprint,
            lsn,
            token,
            expiresAtMs,
            new RecordHeader.Place(
                segment.index(), segment.generation(), segment.nonce(), offsetUnits, lengthUnits),
            key,
            metadata,
            valueLength,
            crcs);
    footerNumber = segment.footer().count();
    segment.footer().add(header);
    return header;
  }
}
