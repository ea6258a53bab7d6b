package io.larder.node.device;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * One transfer or flush of an engine. Its memory belongs to the kernel from the start to the
 * answer. Guarded by its engine, which has forgotten it when it calls {@link FileDevice#finish}:
 * the object is then used again.
 */
final class Submission {
  enum Kind {
    READ,
    WRITE,
    FLUSH
  }

  static final int MAX_SEGMENTS = 64;
  static final int IOVEC_BYTES = 16;
  private static final MemorySegment[] NONE = {};
  private static final IoCallback NOBODY = failure -> {};

  Kind kind = Kind.FLUSH;
  long offset;
  long bytes;
  private MemorySegment[] segments = NONE;
  private IoCallback callback = NOBODY;
  private long submittedNanos;

  /** Its place among those in flight, if its engine has such. */
  int slot;

  /** Bytes transferred so far, whole blocks. */
  long done;

  private boolean finished;

  /** Begins anew as a transfer. */
  Submission transfer(
      Kind newKind,
      long newOffset,
      long newBytes,
      MemorySegment[] newSegments,
      IoCallback newCallback) {
    kind = newKind;
    offset = newOffset;
    bytes = newBytes;
    segments = newSegments;
    callback = newCallback;
    submittedNanos = System.nanoTime();
    done = 0;
    finished = false;
    return this;
  }

  /** Begins anew as a flush. */
  Submission flush(IoCallback newCallback) {
    return transfer(Kind.FLUSH, 0, 0, NONE, newCallback);
  }

  boolean isRead() {
    return kind == Kind.READ;
  }

  /**
   * The age of the oldest read, or else write or flush; 0 if there is none.
   *
   * @param queue in order of submission
   * @param inFlight in any order
   */
  static long oldestNanos(
      Iterable<Submission> queue, @Nullable Submission[] inFlight, boolean reads) {
    long now = System.nanoTime();
    long oldest = 0;
    for (Submission submission : queue) {
      if (submission.isRead() == reads) {
        oldest = now - submission.submittedNanos;
        break;
      }
    }
    for (Submission submission : inFlight) {
      if (submission != null && submission.isRead() == reads) {
        oldest = Math.max(oldest, now - submission.submittedNanos);
      }
    }
    return oldest;
  }

  /** Ends the submission; returns its callback. */
  IoCallback end() {
    if (finished) {
      throw new IllegalStateException("a submission was answered twice");
    }
    finished = true;
    IoCallback ended = callback;
    callback = NOBODY;
    segments = NONE;
    return ended;
  }

  /** Describes the rest of the transfer; returns the number of pieces. */
  int describe(MemorySegment iovecs) {
    long skip = done;
    int count = 0;
    for (MemorySegment segment : segments) {
      long length = segment.byteSize();
      if (skip >= length) {
        skip -= length;
        continue;
      }
      long at = (long) count * IOVEC_BYTES;
      iovecs.set(JAVA_LONG, at, segment.address() + skip);
      iovecs.set(JAVA_LONG, at + 8, length - skip);
      skip = 0;
      count++;
    }
    return count;
  }

  /**
   * Counts transferred bytes, down to whole blocks so that the rest stays aligned; false if there
   * is no whole block.
   */
  boolean advance(long transferred) {
    long whole = transferred & -(long) Device.BLOCK_BYTES;
    done += whole;
    return whole > 0;
  }

  IOException failure(String device, String reason) {
    return new IOException(
        device + ": " + kind + " of " + bytes + " bytes at " + offset + ": " + reason);
  }
}
