package io.larder.testing;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** What a machine with a JDK and Debian's base may lack. */
public enum Need {
  REDIS_SERVER("Debian's redis-server", "redis-server"),
  REDIS_TOOLS("Debian's redis-tools", "redis-cli redis-benchmark"),
  GCC("Debian's gcc and libc6-dev", "gcc"),
  LOOP_DEVICES("loop devices: root, a writable /dev/loop-control and losetup", "losetup") {
    @Override
    public boolean isMet() {
      return super.isMet() && Files.isWritable(Path.of("/dev/loop-control"));
    }
  },
  /** Netty knows whether it is there. */
  IO_URING("a kernel or container that offers io_uring", "");

  private final String what;
  private final String programs;

  Need(String what, String programs) {
    this.what = what;
    this.programs = programs;
  }

  /** What would meet it. */
  String what() {
    return what;
  }

  /** As far as programs on the PATH and files tell. */
  public boolean isMet() {
    return Arrays.stream(programs.split(" ", -1)).allMatch(Need::isOnPath);
  }

  private static boolean isOnPath(String program) {
    return Arrays.stream(System.getenv("PATH").split(File.pathSeparator, -1))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }
}
