package io.larder.node.device;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The engine that works everywhere: O_DIRECT system calls on a fixed pool of platform threads, one
 * submission a thread, so that at most {@link #DEFAULT_THREADS} MiB are in flight.
 *
 * <p>A block device is opened O_EXCL and every device is locked with flock, so a second opener is
 * refused; both end with the process, however it dies. Short transfers and EINTR are resumed at a
 * block boundary; a transfer of zero bytes is an error.
 */
public final class DirectDevice implements Device {
  /** Threads, and so submissions in flight, of a device. */
  public static final int DEFAULT_THREADS = 16;

  private static final int MAX_SEGMENTS = 64;
  private static final int IOVEC_BYTES = 16;
  private static final MemorySegment[] NONE = {};

  private enum Kind {
    READ,
    WRITE,
    FLUSH
  }

  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  private record Submission(
      Kind kind, long offset, long bytes, MemorySegment[] segments, IoCallback callback) {}

  private final SystemCalls calls;
  private final String name;
  private final int fd;
  private final long sizeBytes;
  private final List<Thread> threads = new ArrayList<>();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<Submission> queue = new ArrayDeque<>();
  private int inFlight;
  private boolean closed;

  private DirectDevice(SystemCalls calls, String name, int fd, long sizeBytes, int threadCount) {
    this.calls = calls;
    this.name = name;
    this.fd = fd;
    this.sizeBytes = sizeBytes;
    for (int i = 0; i < threadCount; i++) {
      Thread thread = new Thread(this::serve, "larder-device-" + i);
      thread.setDaemon(true);
      threads.add(thread);
    }
    threads.forEach(Thread::start);
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
    if (!Files.exists(path)) {
      throw new IOException(
          path + ": there is no such file or device; check the path, or create a file for it");
    }
    boolean isBlockDevice = isBlockDevice(path);
    int flags =
        SystemCalls.O_RDWR
            | SystemCalls.O_DIRECT
            | SystemCalls.O_CLOEXEC
            | (isBlockDevice ? SystemCalls.O_EXCL : 0);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(SystemCalls.STATE_BYTES, 8);
      int fd = calls.open(state, arena.allocateFrom(path.toString()), flags);
      if (fd < 0) {
        throw new IOException(path + ": cannot be opened: " + openFailure(-fd));
      }
      boolean opened = false;
      try {
        int locked = calls.flock(state, fd, SystemCalls.LOCK_EX_NB);
        if (locked < 0) {
          throw new IOException(
              path
                  + ": cannot be locked: "
                  + SystemCalls.describe(-locked)
                  + "; stop the other node that uses it");
        }
        long size;
        if (isBlockDevice) {
          MemorySegment answer = arena.allocate(JAVA_LONG);
          int got = calls.ioctl(state, fd, SystemCalls.BLKGETSIZE64, answer);
          size = got < 0 ? got : answer.get(JAVA_LONG, 0);
        } else {
          size = calls.lseek(state, fd, 0, SystemCalls.SEEK_END);
        }
        if (size < 0) {
          throw new IOException(path + ": size unknown: " + SystemCalls.describe(-size));
        }
        DirectDevice device =
            new DirectDevice(calls, path.toString(), fd, size & -(long) BLOCK_BYTES, threads);
        opened = true;
        return device;
      } finally {
        if (!opened) {
          int _ = calls.close(state, fd);
        }
      }
    }
  }

  private static boolean isBlockDevice(Path path) throws IOException {
    int type = (int) Files.getAttribute(path, "unix:mode") & 0170000;
    if (type != 0060000 && type != 0100000) {
      throw new IOException(path + ": is neither a block device nor a regular file; give one");
    }
    return type == 0060000;
  }

  private static String openFailure(int errno) {
    String remedy =
        switch (errno) {
          case 22 ->
              "; its file system refuses direct I/O (O_DIRECT), as tmpfs does: use a block device or"
                  + " a file on ext4 or xfs";
          case 16 -> "; stop the other node, or unmount it";
          case 1, 13 -> "; give this user read and write access to it";
          default -> "";
        };
    return SystemCalls.describe(errno) + remedy;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long sizeBytes() {
    return sizeBytes;
  }

  @Override
  public String engine() {
    return "threads";
  }

  @Override
  public void write(long offset, MemorySegment[] segments, IoCallback callback) {
    submit(new Submission(Kind.WRITE, offset, checked(offset, segments), segments, callback));
  }

  @Override
  public void read(long offset, MemorySegment[] segments, IoCallback callback) {
    submit(new Submission(Kind.READ, offset, checked(offset, segments), segments, callback));
  }

  @Override
  public void flush(IoCallback callback) {
    submit(new Submission(Kind.FLUSH, 0, 0, NONE, callback));
  }

  @Override
  public int pending() {
    lock.lock();
    try {
      return queue.size() + inFlight;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    boolean interrupted = false;
    for (Thread thread : threads) {
      while (!thread.equals(Thread.currentThread()) && thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    try (Arena arena = Arena.ofConfined()) {
      int _ = calls.close(arena.allocate(SystemCalls.STATE_BYTES, 8), fd);
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private long checked(long offset, MemorySegment[] segments) {
    long bytes = 0;
    long misaligned = offset;
    for (MemorySegment segment : segments) {
      bytes += segment.byteSize();
      misaligned |= segment.byteSize() | segment.address();
    }
    if ((misaligned & (BLOCK_BYTES - 1)) != 0
        || bytes <= 0
        || bytes > MAX_SUBMISSION_BYTES
        || segments.length > MAX_SEGMENTS
        || offset < 0
        || offset > sizeBytes - bytes) {
      throw new IllegalArgumentException(
          name + ": a submission of " + bytes + " bytes at " + offset + " is not possible");
    }
    return bytes;
  }

  private void submit(Submission submission) {
    lock.lock();
    try {
      if (!closed) {
        queue.add(submission);
        changed.signal();
        return;
      }
    } finally {
      lock.unlock();
    }
    submission.callback().done(new IOException(name + ": is closed"));
  }

  private void serve() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(SystemCalls.STATE_BYTES, 8);
      MemorySegment iovecs = arena.allocate((long) MAX_SEGMENTS * IOVEC_BYTES, 8);
      for (; ; ) {
        Submission submission = take();
        if (submission == null) {
          return;
        }
        IOException failure = execute(submission, state, iovecs);
        finish(submission, failure);
      }
    }
  }

  private @Nullable Submission take() {
    lock.lock();
    try {
      for (; ; ) {
        Submission submission = queue.poll();
        if (submission != null) {
          inFlight++;
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

  private void finish(Submission submission, @Nullable IOException failure) {
    lock.lock();
    try {
      inFlight--;
    } finally {
      lock.unlock();
    }
    try {
      submission.callback().done(failure);
    } catch (RuntimeException | Error e) { // a caller's bug must not take a device thread away
      Thread thread = Thread.currentThread();
      thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
    }
  }

  private @Nullable IOException execute(
      Submission submission, MemorySegment state, MemorySegment iovecs) {
    try {
      if (submission.kind() == Kind.FLUSH) {
        int result;
        do {
          result = calls.fdatasync(state, fd);
        } while (result == -SystemCalls.EINTR);
        return result < 0 ? failure(submission, SystemCalls.describe(-result)) : null;
      }
      return transfer(submission, state, iovecs);
    } catch (RuntimeException e) {
      return new IOException(name + ": " + submission.kind() + " failed", e);
    }
  }

  private @Nullable IOException transfer(
      Submission submission, MemorySegment state, MemorySegment iovecs) {
    long done = 0;
    while (done < submission.bytes()) {
      int count = fill(iovecs, submission.segments(), done);
      long offset = submission.offset() + done;
      long result =
          submission.kind() == Kind.WRITE
              ? calls.pwritev(state, fd, iovecs, count, offset)
              : calls.preadv(state, fd, iovecs, count, offset);
      if (result < 0) {
        if (result == -SystemCalls.EINTR) {
          continue;
        }
        return failure(submission, SystemCalls.describe(-result));
      }
      long whole = result & -(long) BLOCK_BYTES; // resume aligned
      if (whole == 0) {
        return failure(submission, "transferred " + result + " bytes and would go no further");
      }
      done += whole;
    }
    return null;
  }

  /** Describes what is left after {@code done} bytes; returns the number of pieces. */
  private static int fill(MemorySegment iovecs, MemorySegment[] segments, long done) {
    long skip = done;
    int count = 0;
    for (MemorySegment segment : segments) {
      long bytes = segment.byteSize();
      if (skip >= bytes) {
        skip -= bytes;
        continue;
      }
      long at = (long) count * IOVEC_BYTES;
      iovecs.set(ADDRESS, at, MemorySegment.ofAddress(segment.address() + skip));
      iovecs.set(JAVA_LONG, at + 8, bytes - skip);
      skip = 0;
      count++;
    }
    return count;
  }

  private IOException failure(Submission submission, String reason) {
    return new IOException(
        name
            + ": "
            + submission.kind()
            + " of "
            + submission.bytes()
            + " bytes at "
            + submission.offset()
            + ": "
            + reason);
  }
}
