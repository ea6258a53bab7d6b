package io.larder.node.device;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * What an engine was asked to do once: its memory is the kernel's from when it is started until it
 * is answered. Guarded by its engine, which has forgotten it when it calls {@link #finish}: the
 * object is then used again.
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

  /** As many are kept as serve two devices at the greatest depth. */
  private static final int MAX_FINISHED = 1024;

  /** Finished ones, to be used again: a long value takes one for each MiB. Guarded by itself. */
  private static final ArrayDeque<Submission> FINISHED = new ArrayDeque<>();

  private static final IoCallback NOBODY = failure -> {};

  Kind kind = Kind.FLUSH;
  long offset;
  long bytes;
  MemorySegment[] segments = NONE;
  IoCallback callback = NOBODY;
  long submittedNanos;

  /** Bytes transferred so far, whole blocks. */
  long done;

  private boolean finished;

  private Submission() {}

  static Submission of(
      Kind kind, long offset, long bytes, MemorySegment[] segments, IoCallback callback) {
    Submission used;
    synchronized (FINISHED) {
      used = FINISHED.poll();
    }
    Submission submission = used == null ? new Submission() : used;
    submission.kind = kind;
    submission.offset = offset;
    submission.bytes = bytes;
    submission.segments = segments;
    submission.callback = callback;
    submission.submittedNanos = System.nanoTime();
    submission.done = 0;
    submission.finished = false;
    return submission;
  }

  static Submission flush(IoCallback callback) {
    return of(Kind.FLUSH, 0, 0, NONE, callback);
  }

  boolean isRead() {
    return kind == Kind.READ;
  }

  /**
   * The age of the oldest read, or else write or flush; 0 if there is none.
   *
   * @param queue in the order of their coming
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

  /** Tells the caller; the memory is the caller's again, and this is another transfer's. */
  void finish(@Nullable IOException failure) {
    if (finished) {
      throw new IllegalStateException("a submission was answered twice");
    }
    finished = true;
    IoCallback told = callback;
    callback = NOBODY;
    segments = NONE;
    synchronized (FINISHED) {
      if (FINISHED.size() < MAX_FINISHED) {
        FINISHED.push(this);
      }
    }
    try {
      told.done(failure);
    } catch (RuntimeException | Error e) { // a caller's bug must not take an engine's thread away
      Thread thread = Thread.currentThread();
      thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
    }
  }

  /** Describes what is left to transfer; returns the number of pieces. */
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
   * Counts a transfer, down to whole blocks so that the rest stays aligned; false if it is none.
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
