package io.larder.node.device;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntSupplier;

/**
 * A block device or regular file, opened O_DIRECT for this process alone: what all engines share.
 *
 * <p>A block device is opened O_EXCL and every device is locked with flock, so a second opener is
 * refused; both end with the process, however it dies.
 *
 * @param calls the system calls
 * @param name what it was opened as
 * @param fd its file descriptor
 * @param sizeBytes rounded down to whole blocks
 */
record DeviceFile(SystemCalls calls, String name, int fd, long sizeBytes) {
  /** The kernel releases the ring of a killed process, and with it the lock, some time later. */
  private static final long PATIENCE_NANOS = 2_000_000_000L;

  private static final long RETRY_NANOS = 10_000_000;

  /**
   * Opens it.
   *
   * @throws IOException if it is missing, in use, of another type, or refuses direct I/O; the
   *     message says what to do
   */
  static DeviceFile open(Path path, SystemCalls calls) throws IOException {
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
      MemorySegment name = arena.allocateFrom(path.toString());
      int fd = patiently(() -> calls.open(state, name, flags));
      if (fd < 0) {
        throw new IOException(path + ": cannot be opened: " + openFailure(-fd));
      }
      boolean opened = false;
      try {
        int locked = patiently(() -> calls.flock(state, fd, SystemCalls.LOCK_EX_NB));
        if (locked < 0) {
          throw new IOException(
              path
                  + ": cannot be locked: "
                  + SystemCalls.describe(-locked)
                  + "; stop the other node that uses it");
        }
        long size = sizeBytes(calls, state, fd, isBlockDevice, arena.allocate(JAVA_LONG));
        if (size < 0) {
          throw new IOException(path + ": size unknown: " + SystemCalls.describe(-size));
        }
        opened = true;
        return new DeviceFile(calls, path.toString(), fd, size & -(long) Device.BLOCK_BYTES);
      } finally {
        if (!opened) {
          calls.close(state, fd);
        }
      }
    }
  }

  /** Retries for a while if another process has the device. */
  private static int patiently(IntSupplier call) {
    long end = System.nanoTime() + PATIENCE_NANOS;
    int result = call.getAsInt();
    while ((result == -SystemCalls.EBUSY || result == -SystemCalls.EWOULDBLOCK)
        && System.nanoTime() < end) {
      LockSupport.parkNanos(RETRY_NANOS);
      result = call.getAsInt();
    }
    return result;
  }

  private static long sizeBytes(
      SystemCalls calls, MemorySegment state, int fd, boolean isBlockDevice, MemorySegment answer) {
    if (!isBlockDevice) {
      return calls.lseek(state, fd, 0, SystemCalls.SEEK_END);
    }
    int got = calls.ioctl(state, fd, SystemCalls.BLKGETSIZE64, answer);
    return got < 0 ? got : answer.get(JAVA_LONG, 0);
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

  /**
   * The bytes of a transfer.
   *
   * @throws IllegalArgumentException if it is misaligned, too large or outside the device
   */
  long checkedBytes(long offset, MemorySegment[] segments) {
    long bytes = 0;
    long misaligned = offset;
    for (MemorySegment segment : segments) {
      bytes += segment.byteSize();
      misaligned |= segment.byteSize() | segment.address();
    }
    if ((misaligned & (Device.BLOCK_BYTES - 1)) != 0
        || bytes <= 0
        || bytes > Device.MAX_SUBMISSION_BYTES
        || segments.length > Submission.MAX_SEGMENTS
        || offset < 0
        || offset > sizeBytes - bytes) {
      throw new IllegalArgumentException(
          name + ": a submission of " + bytes + " bytes at " + offset + " is not possible");
    }
    return bytes;
  }

  void close() {
    try (Arena arena = Arena.ofConfined()) {
      calls.close(arena.allocate(SystemCalls.STATE_BYTES, 8), fd);
    }
  }
}
