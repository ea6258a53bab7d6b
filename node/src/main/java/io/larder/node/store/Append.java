package io.larder.node.store;

import io.larder.node.block.Payload;
import io.larder.protocol.PutToken;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One record on its way to the device. What is not final is set when its extent is reserved. */
final class Append {
  static final byte[] NONE = {};

  final RecordHeader.Kind kind;
  final int slot;
  final long fingerprint;
  final byte[] key;
  final byte[] metadata;
  final @Nullable Payload payload;
  final long expiresAtMs;

  /** Completes on a device thread when the record is durable. */
  final CompletableFuture<Append> done = new CompletableFuture<>();

  private int mode;
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
      @Nullable Payload payload,
      long expiresAtMs,
      PutToken token) {
    this.kind = kind;
    this.slot = slot;
    this.fingerprint = fingerprint;
    this.key = key;
    this.metadata = metadata;
    this.payload = payload;
    this.expiresAtMs = expiresAtMs;
    this.token = token;
  }

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
    return new Append(kind, slot, fingerprint, key, metadata, payload, expiresAtMs, token);
  }

  /** A tombstone; with an LSN of 0 it gets its own when it is reserved. */
  static Append tombstone(int slot, long fingerprint, int mode, long lsn, long first, long second) {
    Append append =
        new Append(
            RecordHeader.Kind.TOMBSTONE,
            slot,
            fingerprint,
            NONE,
            NONE,
            null,
            Long.MAX_VALUE,
            new PutToken(first, second));
    append.mode = mode;
    append.lsn = lsn;
    return append;
  }

  boolean isTombstone() {
    return kind == RecordHeader.Kind.TOMBSTONE;
  }

  int mode() {
    return mode;
  }

  /** Sets what a deletion spares, known only when its LSN is. */
  void spare(long first, long second) {
    token = new PutToken(first, second);
  }

  int valueLength() {
    return payload == null ? 0 : payload.length();
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
    int[] crcs = new int[payload == null ? 0 : payload.chunkCount()];
    for (int i = 0; i < crcs.length; i++) {
      crcs[i] = payload == null ? 0 : payload.crc(i);
    }
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
            valueLength(),
            crcs);
    footerNumber = segment.footer().add(header);
    return header;
  }
}
