package io.larder.node.cli;

import java.io.IOException;
import java.time.Duration;

/**
 * Ends this process when its parent has ended. The parent holds the other end of standard input and
 * never writes, so a read returns only when it is gone, however it went.
 */
final class ParentWatch {
  private static final Duration ORDERLY_END = Duration.ofSeconds(10);

  private ParentWatch() {}

  static void start() {
    Thread.ofPlatform().daemon().name("parent-watch").start(ParentWatch::awaitEnd);
  }

  private static void awaitEnd() {
    byte[] ignored = new byte[64];
    try {
      while (System.in.read(ignored) >= 0) {
        // A parent that writes is alive.
      }
    } catch (IOException e) {
      // A pipe that cannot be read is as good as closed.
    }
    Thread.ofPlatform()
        .daemon()
        .name("parent-watch-halt")
        .start(() -> {
          try {
            Thread.sleep(ORDERLY_END);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          Runtime.getRuntime().halt(1);
        });
    System.exit(0);
  }
}
