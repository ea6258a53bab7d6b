package io.larder.node.device;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;

/**
 * The system calls of direct I/O on Linux. Each returns the result of the call, or the negated
 * errno. {@code state} is scratch memory of {@link #STATE_BYTES} that belongs to the calling
 * thread. A test overrides one call to inject a fault.
 */
class SystemCalls {
  static final int EINTR = 4;
  static final int EIO = 5;
  static final int EAGAIN = 11;
  static final int EWOULDBLOCK = EAGAIN;
  static final int EBUSY = 16;
  static final int O_RDWR = 2;
  static final int O_EXCL = 0x80;
  static final int O_CLOEXEC = 0x80000;
  static final int O_DIRECT =
      System.getProperty("os.arch", "").equals("aarch64") ? 0x10000 : 0x4000;
  static final long BLKGETSIZE64 = 0x80081272L;
  static final int LOCK_EX_NB = 2 | 4;
  static final int SEEK_END = 2;

  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final long ERRNO_OFFSET =
      STATE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

  /** Size of the scratch memory for errno. */
  static final long STATE_BYTES = STATE.byteSize();

  private static final MethodHandle OPEN =
      handle(
          "open",
          FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT),
          Linker.Option.firstVariadicArg(2));
  private static final MethodHandle CLOSE =
      handle("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  private static final MethodHandle PREADV =
      handle("preadv", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT, JAVA_LONG));
  private static final MethodHandle PWRITEV =
      handle("pwritev", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT, JAVA_LONG));
  private static final MethodHandle FDATASYNC =
      handle("fdatasync", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  private static final MethodHandle IOCTL =
      handle(
          "ioctl",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS),
          Linker.Option.firstVariadicArg(2));
  private static final MethodHandle FLOCK =
      handle("flock", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
  private static final MethodHandle LSEEK =
      handle("lseek", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT));

  int open(MemorySegment state, MemorySegment path, int flags) {
    try {
      return result(state, (int) OPEN.invokeExact(state, path, flags, 0));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  int close(MemorySegment state, int fd) {
    try {
      return result(state, (int) CLOSE.invokeExact(state, fd));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  long preadv(MemorySegment state, int fd, MemorySegment iovecs, int count, long offset) {
    try {
      return result(state, (long) PREADV.invokeExact(state, fd, iovecs, count, offset));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  long pwritev(MemorySegment state, int fd, MemorySegment iovecs, int count, long offset) {
    try {
      return result(state, (long) PWRITEV.invokeExact(state, fd, iovecs, count, offset));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  int fdatasync(MemorySegment state, int fd) {
    try {
      return result(state, (int) FDATASYNC.invokeExact(state, fd));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  int ioctl(MemorySegment state, int fd, long request, MemorySegment argument) {
    try {
      return result(state, (int) IOCTL.invokeExact(state, fd, request, argument));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  int flock(MemorySegment state, int fd, int operation) {
    try {
      return result(state, (int) FLOCK.invokeExact(state, fd, operation));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  long lseek(MemorySegment state, int fd, long offset, int whence) {
    try {
      return result(state, (long) LSEEK.invokeExact(state, fd, offset, whence));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** Descriptions of the errnos of device I/O. */
  static String describe(long errno) {
    return switch ((int) errno) {
      case 1 -> "operation not permitted (EPERM)";
      case 2 -> "no such file or device (ENOENT)";
      case EINTR -> "interrupted (EINTR)";
      case EIO -> "input/output error (EIO)";
      case 6 -> "no such device (ENXIO)";
      case 11 -> "locked by another process (EWOULDBLOCK)";
      case 13 -> "permission denied (EACCES)";
      case 16 -> "in use by another process or mounted (EBUSY)";
      case 19 -> "no such device (ENODEV)";
      case 21 -> "is a directory (EISDIR)";
      case 22 -> "invalid argument (EINVAL)";
      case 28 -> "no space left (ENOSPC)";
      case 30 -> "read-only (EROFS)";
      default -> "errno " + errno;
    };
  }

  private static int result(MemorySegment state, int returned) {
    return returned >= 0 ? returned : -state.get(JAVA_INT, ERRNO_OFFSET);
  }

  private static long result(MemorySegment state, long returned) {
    return returned >= 0 ? returned : -state.get(JAVA_INT, ERRNO_OFFSET);
  }

  private static MethodHandle handle(
      String name, FunctionDescriptor descriptor, Linker.Option... options) {
    Linker linker = Linker.nativeLinker();
    Linker.Option[] all = new Linker.Option[options.length + 1];
    System.arraycopy(options, 0, all, 0, options.length);
    all[options.length] = Linker.Option.captureCallState("errno");
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor, all);
  }

  private static IllegalStateException unexpected(Throwable e) {
    return new IllegalStateException("a system call could not be made", e);
  }
}
