package io.larder.node.device;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The engine that works everywhere: O_DIRECT system calls on a fixed pool of platform threads, one
 * submission a thread, so that at most {@link #DEFAULT_THREADS} MiB are in flight.
 *
 * <p>Resumes short transfers, and those that a signal interrupts, at a block boundary; a transfer
 * of zero bytes is an error.
 */
public final class DirectDevice extends FileDevice {
  /** Threads, and so submissions in flight, of a device. */
  public static final int DEFAULT_THREADS = 16;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Condition ended = lock.newCondition();
  private final ArrayDeque<Submission> queue = new ArrayDeque<>();
  private final @Nullable Submission[] inFlight; // by thread
  private int threads;
  private boolean closed;

  private DirectDevice(DeviceFile file, int threads) {
    super(file);
    this.threads = threads;
    this.inFlight = new @Nullable Submission[threads];
    for (int i = 0; i < threads; i++) {
      int number = i;
      Thread thread = new Thread(() -> serve(number), "larder-device-" + i);
      thread.setDaemon(true);
      thread.start();
    }
  }

  /** Opens a block device or a regular file with {@link #DEFAULT_THREADS} threads. */
  public static DirectDevice open(Path path) throws IOException {
    return open(path, DEFAULT_THREADS);
  }

  /**
   * Opens a block device or a regular file for this process alone.
   *
   * @throws IOException if it is missing, in use, of another type, or refuses direct I/O; the
   *     message says what to do
   */
  public static DirectDevice open(Path path, int threads) throws IOException {
    return open(path, threads, new SystemCalls());
  }

  static DirectDevice open(Path path, int threads, SystemCalls calls) throws IOException {
    return new DirectDevice(DeviceFile.open(path, calls), threads);
  }

  @Override
  public String engine() {
    return "threads";
  }

  @Override
  public int pending() {
    lock.lock();
    try {
      int pending = queue.size();
      for (Submission submission : inFlight) {
        pending += submission == null ? 0 : 1;
      }
      return pending;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public long oldestNanos(boolean reads) {
    lock.lock();
    try {
      return Submission.oldestNanos(queue, inFlight, reads);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
      long left = CLOSE_DEADLINE_NANOS;
      boolean interrupted = false;
      while (threads > 0 && left > 0) {
        try {
          left = ended.awaitNanos(left);
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  boolean queue(Submission submission) {
    lock.lock();
    try {
      if (!closed) {
        queue.add(submission);
        changed.signal();
      }
      return !closed;
    } finally {
      lock.unlock();
    }
  }

  private void serve(int thread) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(SystemCalls.STATE_BYTES, 8);
      MemorySegment iovecs =
          arena.allocate((long) Submission.MAX_SEGMENTS * Submission.IOVEC_BYTES, 8);
      for (Submission next = take(thread); next != null; next = take(thread)) {
        IOException failure = execute(next, state, iovecs);
        forget(thread);
        finish(next, failure);
      }
    } finally {
      end();
    }
  }

  private @Nullable Submission take(int thread) {
    lock.lock();
    try {
      for (; ; ) {
        Submission submission = queue.poll();
        if (submission != null) {
          inFlight[thread] = submission;
          return submission;
        }
        if (closed) {
          return null;
        }
        changed.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  /** The last thread to end closes the device: no system call uses it any more. */
  private void end() {
    lock.lock();
    try {
      threads--;
      if (threads == 0) {
        file.close();
        ended.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  private void forget(int thread) {
    lock.lock();
    try {
      inFlight[thread] = null;
    } finally {
      lock.unlock();
    }
  }

  private @Nullable IOException execute(
      Submission submission, MemorySegment state, MemorySegment iovecs) {
    try {
      if (submission.kind == Submission.Kind.FLUSH) {
        int result;
        do {
          result = file.calls().fdatasync(state, file.fd());
        } while (result == -SystemCalls.EINTR);
        return result < 0 ? submission.failure(file.name(), SystemCalls.describe(-result)) : null;
      }
      return transfer(submission, state, iovecs);
    } catch (RuntimeException e) {
      return new IOException(file.name() + ": " + submission.kind + " failed", e);
    } finally {
      Reference.reachabilityFence(submission); // and so its memory, which the kernel uses
    }
  }

  private @Nullable IOException transfer(
      Submission submission, MemorySegment state, MemorySegment iovecs) {
    while (submission.done < submission.bytes) {
      int count = submission.describe(iovecs);
      long offset = submission.offset + submission.done;
      long result =
          submission.isRead()
              ? file.calls().preadv(state, file.fd(), iovecs, count, offset)
              : file.calls().pwritev(state, file.fd(), iovecs, count, offset);
      if (result == -SystemCalls.EINTR) {
        continue;
      }
      if (result < 0) {
        return submission.failure(file.name(), SystemCalls.describe(-result));
      }
      if (!submission.advance(result)) {
        return submission.failure(
            file.name(), "transferred " + result + " bytes and would go no further");
      }
    }
    return null;
  }
}
