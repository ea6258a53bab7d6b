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
 * One large record on its way from the device into a payload. A few chunks are asked for at a time,
 * so that a long value does not keep short ones waiting; they come in any order, and are verified
 * and passed on in theirs. A chunk that fails is read once more; if it fails again the read is
 * over.
 *
 * <p>Its segment is held and its memory kept until the device has answered all it was asked.
 */
final class LargeRead {
  /** Chunks that are asked for at a time: as much as saturates a device. */
  private static final int MAX_UNDER_WAY = 8;

  /** How often a record is read before it counts as damaged. */
  static final int ATTEMPTS = 2;

  // What a chunk is.
  private static final byte AWAITED = 0;
  private static final byte HERE = 1;
  private static final byte FAILED = 2;

  /** What becomes of the read; called by one thread at a time. */
  interface Listener {
    /** Looks at the header: whether it is that of the wanted record. */
    Verdict verify(@Nullable RecordHeader header);

    /** The first chunk is verified, and with it the header. */
    void begun(RecordHeader header);

    /** The read is over: whole, or why not; the last I/O failure, if there was one. */
    void ended(Verdict verdict, @Nullable IOException failure);

    /** The device has answered everything: nothing touches the memory any more. */
    void released();
  }

  /** What verification says. */
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
  private int asked;
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
    int first = Math.min(MAX_UNDER_WAY, chunks.length);
    synchronized (this) {
      asked = first;
      answersDue = first;
    }
    for (int i = 0; i < first; i++) {
      new Question(i).ask();
    }
  }

  /** What the device is asked: one chunk, and when it has answered another. */
  private final class Question implements IoCallback {
    private int chunk;

    Question(int chunk) {
      this.chunk = chunk;
    }

    void ask() {
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

  private void answered(Question question, @Nullable IOException failed) {
    int next = -1;
    boolean verify;
    synchronized (this) {
      chunks[question.chunk] = failed == null ? HERE : FAILED;
      failure = failed == null ? failure : failed;
      if (!over && asked < chunks.length) {
        next = asked++;
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
      question.chunk = next;
      question.ask(); // before the work on this one
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
      Verdict verdict = state == HERE ? verify(chunk) : Verdict.DAMAGED;
      if (verdict == Verdict.DAMAGED && attempts[chunk] < ATTEMPTS) {
        synchronized (this) {
          chunks[chunk] = AWAITED;
          answersDue++;
        }
        new Question(chunk).ask();
      } else {
        pass(chunk, verdict);
      }
    }
  }

  /** Passes a chunk on, or the news that there is none. */
  private void pass(int chunk, Verdict verdict) {
    IOException why;
    synchronized (this) {
      verified += verdict == Verdict.WHOLE ? 1 : 0;
      over = verdict != Verdict.WHOLE || verified == chunks.length;
      verifying &= verdict == Verdict.WHOLE;
      why = failure;
    }
    if (verdict != Verdict.WHOLE) {
      releaseIfDone(); // so that the memory is back when they are told
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
