package io.larder.cli.doctor;

import io.larder.coordinator.config.ByteSize;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Free space for device files. They are sparse and grow until they are as large as they say, so
 * only what is free now for all of them is enough.
 */
public final class Disk {
  private static final String NAME = "disk";
  private static final long MIB = 1L << 20;
  private static final long GIB = 1L << 30;

  /** Under this a device is of no use to anybody. */
  private static final long LEAST_DEVICE_BYTES = 128 * MIB;

  private Disk() {}

  /**
   * Whether new device files fit.
   *
   * @param folder where they are to be; need not exist yet
   * @param smaller how to ask for smaller ones, e.g. {@code --device-size}; empty if that is not
   *     possible
   */
  public static Check check(Path folder, int devices, long deviceBytes, String smaller) {
    try {
      FileStore store = Files.getFileStore(nearest(folder));
      return check(folder, store.type(), store.getUsableSpace(), devices, deviceBytes, smaller);
    } catch (IOException e) {
      return Check.missing(
          NAME, folder + " cannot be looked at: " + e.getMessage(), "choose another --dir");
    }
  }

  static Check check(
      Path folder, String type, long freeBytes, int devices, long deviceBytes, String smaller) {
    long needed = devices * deviceBytes;
    String found = "%s free in %s".formatted(ByteSize.show(freeBytes), folder);
    if (devices == 0) {
      return Check.ok(NAME, found + ", no new device file is needed");
    }
    found +=
        ", %d new device file(s) of %s may grow to %s"
            .formatted(devices, ByteSize.show(deviceBytes), ByteSize.show(needed));
    if (freeBytes < needed) {
      long fitting = fitting(freeBytes, devices);
      String remedy = "free some, or choose another place with --dir";
      if (!smaller.isEmpty() && fitting >= LEAST_DEVICE_BYTES) {
        remedy +=
            ", or give %s %s"
                .formatted(smaller, fitting >= GIB ? fitting / GIB + "GiB" : fitting / MIB + "MiB");
      }
      return Check.missing(NAME, found, remedy);
    }
    if (type.equals("tmpfs")) {
      return Check.note(
          NAME,
          found + "; it is a tmpfs, which takes memory",
          "choose a place on a disk with --dir");
    }
    return Check.ok(NAME, found);
  }

  /**
   * The size to give to new device files of which nobody said how large: the usual one, or a
   * smaller one in whole GiB where the disk has no room for that. Where not even the least fits,
   * the least, which {@link #check} then refuses.
   *
   * @param leastBytes the size under which the work at hand cannot be done
   */
  public static long sizeFor(Path folder, int devices, long usualBytes, long leastBytes) {
    try {
      long free = Files.getFileStore(nearest(folder)).getUsableSpace();
      return sizeFor(free, devices, usualBytes, leastBytes);
    } catch (IOException _) {
      return usualBytes; // refused with the reason by the check
    }
  }

  static long sizeFor(long freeBytes, int devices, long usualBytes, long leastBytes) {
    if (devices == 0 || freeBytes >= devices * usualBytes) {
      return usualBytes;
    }
    long fitting = fitting(freeBytes, devices);
    return Math.clamp(fitting, leastBytes, usualBytes);
  }

  /** A tenth is left to others; a round figure. */
  private static long fitting(long freeBytes, int devices) {
    long each = freeBytes / 10 * 9 / Math.max(1, devices);
    return each >= GIB ? each / GIB * GIB : each / MIB * MIB;
  }

  /** The folder itself, or the nearest above it that is there. */
  static Path nearest(Path folder) {
    Path path = folder.toAbsolutePath().normalize();
    while (!Files.exists(path) && path.getParent() != null) {
      path = path.getParent();
    }
    return path;
  }
}
