package io.larder.node.device;

import java.lang.foreign.MemorySegment;

/**
 * A block device, or a file that stands for one, opened for this process alone.
 *
 * <p>Submissions are asynchronous and unordered; a flush covers the writes that were done when it
 * was submitted. Offsets, lengths and addresses are multiples of {@link #BLOCK_BYTES}. The memory
 * belongs to the device from the submission to the callback, however long that takes: a caller that
 * gives up waiting must leave it untouched. Submissions beyond those that the engine keeps in
 * flight wait in a queue, which is bounded by its callers' memory. Thread-safe.
 */
public interface Device extends AutoCloseable {
  /** The alignment of everything, whatever smaller sector the device may have. */
  int BLOCK_BYTES = 4096;

  /** The most bytes of one submission, a chunk and its header; more only adds latency to others. */
  int MAX_SUBMISSION_BYTES = (1 << 20) + BLOCK_BYTES;

  /** How long closing waits for submissions in flight. */
  long CLOSE_DEADLINE_NANOS = 5_000_000_000L;

  /** The path it was opened with, for messages. */
  String name();

  /** The size in bytes, rounded down to whole blocks. */
  long sizeBytes();

  /** The name of the engine, for the log and a metric. */
  String engine();

  /**
   * Gathers the segments into one write.
   *
   * @throws IllegalArgumentException if it is misaligned, too large or outside the device
   */
  void write(long offset, MemorySegment[] segments, IoCallback callback);

  /** Scatters one read over the segments; otherwise as {@link #write}. */
  void read(long offset, MemorySegment[] segments, IoCallback callback);

  /** Makes finished writes survive a power loss. */
  void flush(IoCallback callback);

  /** Memory for {@link BlockingIo}, in pieces of {@link #MAX_SUBMISSION_BYTES}. */
  Scratch blockingBuffers();

  /** Submissions that are queued or in flight. */
  int pending();

  /**
   * The age in nanoseconds of the oldest read, or else the oldest write or flush, that is not
   * answered; 0 if there is none.
   */
  long oldestNanos(boolean reads);

  /**
   * Fails later submissions, finishes earlier ones and closes the device. Returns after {@link
   * #CLOSE_DEADLINE_NANOS} even if a submission is not answered: that keeps its memory, and the
   * device open, until it is. Idempotent.
   */
  @Override
  void close();
}
