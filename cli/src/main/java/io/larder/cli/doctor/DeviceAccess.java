package io.larder.cli.doctor;

import io.larder.node.device.Engine;
import java.io.IOException;
import java.nio.file.Path;

/** Checks whether files of a folder can be used as devices, with a small file. */
final class DeviceAccess {
  private DeviceAccess() {}

  static Check directIo(Path folder) {
    Path place = Disk.nearest(folder);
    try {
      EngineTrial.run(Engine.THREADS, place);
      return Check.ok("direct I/O", "works in " + place);
    } catch (IOException e) {
      return Check.missing(
          "direct I/O",
          "does not work in %s: %s".formatted(place, e.getMessage()),
          "choose a writable folder on ext4 or xfs with --dir");
    }
  }

  static Check ring(Path folder) {
    Path place = Disk.nearest(folder);
    try {
      EngineTrial.run(Engine.IO_URING, place);
      return Check.ok("io_uring", "works in " + place);
    } catch (IOException e) {
      return Check.note(
          "io_uring",
          "not to be had: %s; devices are driven by threads, with more processor time"
              .formatted(e.getMessage()),
          "allow it in the container's seccomp profile, and sysctl kernel.io_uring_disabled=0");
    }
  }
}
