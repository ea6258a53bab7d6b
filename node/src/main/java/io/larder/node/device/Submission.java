package io.larder.node.device;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * What an engine was asked to do once: its memory is the kernel's from when it is started until it
 * is answered. Guarded by its engine.
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

  final Kind kind;
  final long offset;
  final long bytes;
  final MemorySegment[] segments;
  final IoCallback callback;
  final long submittedNanos = System.nanoTime();

  /** Bytes transferred so far, whole blocks. */
  long done;

  Submission(Kind kind, long offset, long bytes, MemorySegment[] segments, IoCallback callback) {
    this.kind = kind;
    this.offset = offset;
    this.bytes = bytes;
    this.segments = segments;
    this.callback = callback;
  }

  static Submission flush(IoCallback callback) {
    return new Submission(Kind.FLUSH, 0, 0, NONE, callback);
  }

  boolean isRead() {
    return kind == Kind.READ;
  }

  /** The age of the oldest read, or else write or flush, of these; 0 if there is none. */
  static long oldestNanos(Iterable<Submission> submissions, boolean reads, long nowNanos) {
    for (Submission submission : submissions) { // in the order of their coming
      if (submission.isRead() == reads) {
        return nowNanos - submission.submittedNanos;
      }
    }
    return 0;
  }

  /** Tells the caller; the memory is the caller's again. */
  void finish(@Nullable IOException failure) {
    try {
      callback.done(failure);
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
      iovecs.set(ADDRESS, at, MemorySegment.ofAddress(segment.address() + skip));
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
