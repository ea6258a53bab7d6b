package io.larder.node.block;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Anonymous memory of the process, advised onto huge pages; its pages are allocated when they are
 * touched or populated. Thread-safe; access to {@link #segment()} after {@link #unmap()} crashes
 * the process.
 */
final class HugeMemory {
  /** The alignment of its size and its address. */
  static final long PAGE_BYTES = 2L << 20;

  private static final int PROT_READ_WRITE = 3;
  private static final int MAP_PRIVATE_ANONYMOUS = 0x22;
  private static final int MADV_HUGEPAGE = 14;
  private static final int MADV_POPULATE_WRITE = 23;

  private static final class Libc {
    static final MethodHandle MMAP;
    static final MethodHandle MUNMAP;
    static final MethodHandle MADVISE;

    static {
      Linker linker = Linker.nativeLinker();
      SymbolLookup libc = linker.defaultLookup();
      MMAP =
          linker.downcallHandle(
              libc.findOrThrow("mmap"),
              FunctionDescriptor.of(
                  ValueLayout.ADDRESS,
                  ValueLayout.ADDRESS,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_LONG));
      MUNMAP =
          linker.downcallHandle(
              libc.findOrThrow("munmap"),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));
      MADVISE =
          linker.downcallHandle(
              libc.findOrThrow("madvise"),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_INT,
                  ValueLayout.ADDRESS,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_INT));
    }
  }

  private final MemorySegment mapped;
  private final MemorySegment segment;
  private boolean unmapped; // guarded by this

  /**
   * Maps the memory.
   *
   * @param bytes a multiple of {@link #PAGE_BYTES}
   * @throws OutOfMemoryError if the system refuses
   */
  HugeMemory(long bytes) {
    mapped = map(bytes + PAGE_BYTES);
    segment = mapped.asSlice(-mapped.address() & (PAGE_BYTES - 1), bytes);
    advise(segment, MADV_HUGEPAGE); // a refusal costs speed only
  }

  MemorySegment segment() {
    return segment;
  }

  /**
   * Makes the pages of a range present; their content stays, even if it is used meanwhile.
   *
   * @return false if the kernel refuses, as before Linux 5.14, or the memory is unmapped
   */
  synchronized boolean populate(long offset, long bytes) {
    return !unmapped && advise(segment.asSlice(offset, bytes), MADV_POPULATE_WRITE);
  }

  /** Unmaps it, after a call of {@link #populate} in progress has ended. */
  synchronized void unmap() {
    unmapped = true;
    try {
      int _ = (int) Libc.MUNMAP.invokeExact(mapped, mapped.byteSize());
    } catch (Throwable e) {
      throw new IllegalStateException("munmap", e);
    }
  }

  private static MemorySegment map(long bytes) {
    MemorySegment memory;
    try {
      memory =
          (MemorySegment)
              Libc.MMAP.invokeExact(
                  MemorySegment.NULL, bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0L);
    } catch (Throwable e) {
      throw new IllegalStateException("mmap", e);
    }
    if (memory.address() == -1) {
      throw new OutOfMemoryError("the system refused a memory pool of " + bytes + " bytes");
    }
    return memory.reinterpret(bytes, Arena.global(), null);
  }

  private static boolean advise(MemorySegment memory, int advice) {
    try {
      return (int) Libc.MADVISE.invokeExact(memory, memory.byteSize(), advice) == 0;
    } catch (Throwable e) {
      throw new IllegalStateException("madvise", e);
    }
  }
}
