package io.larder.bench.device;

import io.larder.bench.Progress;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Huge pages for {@link Fio}'s buffers: without them it reads pieces of 1 MiB at half the speed,
 * and a comparison with it is void. Reserved from the system, which requires root, and released on
 * close. Reserve them before anything fills the memory.
 */
public final class HugePages implements AutoCloseable {
  private static final Path RESERVED = Path.of("/proc/sys/vm/nr_hugepages");
  private static final Path COMPACT = Path.of("/proc/sys/vm/compact_memory");
  private static final Path DROP_CACHES = Path.of("/proc/sys/vm/drop_caches");

  /** 32 buffers of 1 MiB fill 16, and each of two jobs rounds up. */
  private static final int PAGES = 24;

  private static final int ATTEMPTS = 4;

  private final int reserved;

  private HugePages(int reserved) {
    this.reserved = reserved;
  }

  /** Tries to reserve the pages; reports if the system does not give as many. */
  public static HugePages reserve(Progress progress) {
    int reserved = 0;
    String reason = "the system has no " + PAGES + " free ones";
    try {
      for (int attempt = 0; reserved < PAGES && attempt < ATTEMPTS; attempt++) {
        if (attempt > 0) { // files in memory may lie in the way
          Files.writeString(DROP_CACHES, "3");
        }
        Files.writeString(COMPACT, "1");
        int before = count();
        set(before + PAGES - reserved);
        reserved += count() - before;
      }
    } catch (IOException e) {
      reason = "that takes root (" + e.getMessage() + ")";
    }
    if (reserved < PAGES) {
      progress.say("fio gets no huge pages, without which it is no measure: " + reason);
    }
    return new HugePages(reserved);
  }

  /** Whether enough pages for fio are reserved. */
  public boolean areReserved() {
    return reserved >= PAGES;
  }

  @Override
  public void close() throws IOException {
    if (reserved > 0) {
      set(count() - reserved); // others may have reserved some meanwhile
    }
  }

  private static int count() throws IOException {
    try (InputStream in = Files.newInputStream(RESERVED)) {
      // At once: the kernel takes a second read for one past the end, and Files.readString makes
      // the first of one byte.
      return Integer.parseInt(new String(in.readNBytes(32), StandardCharsets.US_ASCII).strip());
    }
  }

  private static void set(int pages) throws IOException {
    Files.writeString(RESERVED, Integer.toString(pages));
  }
}
