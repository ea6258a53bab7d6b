package io.larder.node.store.log;

import io.larder.node.block.Payload;
import io.larder.node.device.IoCallback;
import io.larder.node.device.Scratch;
import io.larder.node.store.format.RecordHeader;
import io.larder.protocol.Limits;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The read of one large record from the device into a payload. A few chunks are requested at a
 * time, so that a long value does not keep short ones waiting; they arrive in any order, and are
 * verified and passed on in theirs. A chunk that fails is read once more; if it fails again the
 * read is over.
 *
 * <p>Its segment and its memory are retained until the device has answered all requests.
 */
final class LargeRead {
  /** Chunks in flight: enough to saturate a device. */
  private static final int MAX_IN_FLIGHT = 8;

  /** How often a record is read before it counts as damaged. */
  static final int ATTEMPTS = 2;

  // States of a chunk.
  private static final byte AWAITED = 0;
  private static final byte ARRIVED = 1;
  private static final byte FAILED = 2;

  /** Follows the read; called by one thread at a time. */
  interface Listener {
    /** Verifies that the header is that of the wanted record. */
    Verdict verify(@Nullable RecordHeader header);

    /** Called when the header and the first chunk are verified. */
    void begun(RecordHeader header);

    /** Called when the read is over, with its verdict and the last I/O failure, if any. */
    void ended(Verdict verdict, @Nullable IOException failure);

    /** Called when the device has answered all requests and does not use the memory any more. */
    void released();
  }

  /** The outcome of verification. */
  enum Verdict {
    WHOLE,
    OTHER_KEY,
    DAMAGED
  }

  private final Volume volume;
  private final Scratch headers;
  private final long offset;
  private final Payload payload;
  private final Listener listener;
  private final MemorySegment headerBlock;
  private @Nullable RecordHeader header;

  // Guarded by `this`.
  private final byte[] chunks;
  private final byte[] attempts;
  private @Nullable IOException failure;
  private int requested;
  private int answersDue;
  private int verified;
  private boolean verifying;
  private boolean over;
  private boolean released;

  /**
   * @param offset of the record on the device
   * @param payload as long as the record's extent without the header
   */
  LargeRead(Volume volume, Scratch headers, long offset, Payload payload, Listener listener) {
    this.volume = volume;
    this.headers = headers;
    this.offset = offset;
    this.payload = payload;
    this.listener = listener;
    this.headerBlock = headers.take();
    this.chunks = new byte[payload.chunkCount()];
    this.attempts = new byte[chunks.length];
  }

  void start() {
    payload.beginArrival();
    int first = Math.min(MAX_IN_FLIGHT, chunks.length);
    synchronized (this) {
      requested = first;
      answersDue = first;
    }
    for (int i = 0; i < first; i++) {
      new ChunkRequest(i).submit();
    }
  }

  /** A request for one chunk, used again for another when the device has answered. */
  private final class ChunkRequest implements IoCallback {
    private int chunk;

    ChunkRequest(int chunk) {
      this.chunk = chunk;
    }

    void submit() {
      attempts[chunk]++;
      if (chunk == 0) {
        MemorySegment[] both = {headerBlock, payload.ioSegment(0)};
        volume.device().read(offset, both, this);
      } else {
        long at = offset + RecordHeader.LARGE_HEADER_BYTES + (long) chunk * Limits.CHUNK_BYTES;
        volume.device().read(at, payload.ioSegmentAlone(chunk), this);
      }
    }

    @Override
    public void done(@Nullable IOException failed) {
      answered(this, failed);
    }
  }

  private void answered(ChunkRequest request, @Nullable IOException failed) {
    int next = -1; // chunk to request
    boolean verify;
    synchronized (this) {
      chunks[request.chunk] = failed == null ? ARRIVED : FAILED;
      failure = failed == null ? failure : failed;
      if (!over && requested < chunks.length) {
        next = requested++;
      } else {
        answersDue--;
      }
      verify = !verifying && !over;
      verifying |= verify;
    }
    if (failed != null) {
      volume.counters().readErrors.increment();
    }
    if (next >= 0) {
      request.chunk = next;
      request.submit(); // before this one is verified
    }
    if (verify) {
      verifyInOrder();
    }
    releaseIfDone();
  }

  private void verifyInOrder() {
    for (; ; ) {
      int chunk;
      byte state;
      synchronized (this) {
        chunk = verified;
        if (over || chunks[chunk] == AWAITED) {
          verifying = false;
          return;
        }
        state = chunks[chunk];
      }
      Verdict verdict = state == ARRIVED ? verify(chunk) : Verdict.DAMAGED;
      if (verdict == Verdict.DAMAGED && attempts[chunk] < ATTEMPTS) {
        synchronized (this) {
          chunks[chunk] = AWAITED;
          answersDue++;
        }
        new ChunkRequest(chunk).submit();
      } else {
        pass(chunk, verdict);
      }
    }
  }

  /** Passes on a verified chunk, or ends the read. */
  private void pass(int chunk, Verdict verdict) {
    IOException why;
    synchronized (this) {
      verified += verdict == Verdict.WHOLE ? 1 : 0;
      over = verdict != Verdict.WHOLE || verified == chunks.length;
      verifying &= verdict == Verdict.WHOLE;
      why = failure;
    }
    if (verdict != Verdict.WHOLE) {
      releaseIfDone(); // so that the memory is free when the waiters are answered
      listener.ended(verdict, why);
      return;
    }
    if (chunk == 0 && header != null) {
      listener.begun(header);
    }
    payload.arrived(chunk + 1);
    if (chunk + 1 == chunks.length) {
      listener.ended(verdict, null);
    }
  }

  private Verdict verify(int chunk) {
    if (chunk == 0) {
      RecordHeader decoded = RecordHeader.decode(headerBlock.asByteBuffer(), 0);
      Verdict verdict = listener.verify(decoded);
      if (verdict != Verdict.WHOLE || decoded == null) {
        return verdict;
      }
      if (!payload.trim(decoded.valueLength())) {
        return Verdict.DAMAGED;
      }
      for (int i = 0; i < chunks.length; i++) {
        payload.setCrc(i, decoded.crcs()[i]);
      }
      header = decoded;
    }
    return isWhole(chunk) ? Verdict.WHOLE : Verdict.DAMAGED;
  }

  private boolean isWhole(int chunk) {
    return payload.computeCrc(chunk) == payload.crc(chunk);
  }

  private void releaseIfDone() {
    synchronized (this) {
      if (!over || verifying || answersDue > 0 || released) {
        return;
      }
      released = true;
    }
    headers.giveBack(headerBlock);
    listener.released();
  }
}
