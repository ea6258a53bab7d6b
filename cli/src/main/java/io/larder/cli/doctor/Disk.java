package io.larder.cli.doctor;

import io.larder.coordinator.config.ByteSize;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Free space for device files. They are sparse and grow to their full size, so there must be room
 * for the full size of all.
 */
public final class Disk {
  private static final String NAME = "disk";
  private static final long MIB = 1L << 20;
  private static final long GIB = 1L << 30;

  /** The smallest useful device. */
  private static final long LEAST_DEVICE_BYTES = 128 * MIB;

  private Disk() {}

  /**
   * Checks whether new device files fit.
   *
   * @param folder their folder; need not exist yet
   * @param smaller the option for smaller ones, e.g. {@code --device-size}; empty if that is not
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
   * The default size of new device files: the usual one, or a smaller one in whole GiB if the disk
   * has no room for that. If not even the least fits, the least, which {@link #check} then refuses.
   *
   * @param leastBytes the smallest size for the command
   */
  public static long sizeFor(Path folder, int devices, long usualBytes, long leastBytes) {
    try {
      long free = Files.getFileStore(nearest(folder)).getUsableSpace();
      return sizeFor(free, devices, usualBytes, leastBytes);
    } catch (IOException _) {
      return usualBytes; // the check refuses it with the reason
    }
  }

  static long sizeFor(long freeBytes, int devices, long usualBytes, long leastBytes) {
    if (devices == 0 || freeBytes >= devices * usualBytes) {
      return usualBytes;
    }
    long fitting = fitting(freeBytes, devices);
    return Math.clamp(fitting, leastBytes, usualBytes);
  }

  /** Leaves a tenth to other programs; rounds down. */
  private static long fitting(long freeBytes, int devices) {
    long each = freeBytes / 10 * 9 / Math.max(1, devices);
    return each >= GIB ? each / GIB * GIB : each / MIB * MIB;
  }

  /** The folder itself, or its nearest existing parent. */
  static Path nearest(Path folder) {
    Path path = folder.toAbsolutePath().normalize();
    while (!Files.exists(path) && path.getParent() != null) {
      path = path.getParent();
    }
    return path;
  }
}
