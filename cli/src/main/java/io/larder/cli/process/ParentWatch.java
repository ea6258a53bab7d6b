package io.larder.cli.process;

import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Detects the end of the parent process: the parent holds the other end of standard input, so its
 * death, even by kill -9, ends that stream. Input is ignored.
 */
public final class ParentWatch {
  private static final AtomicBoolean STARTED = new AtomicBoolean();

  private ParentWatch() {}

  /** Runs {@code onParentGone} once, on a thread of its own, when standard input ends. */
  public static void start(Runnable onParentGone) {
    if (!STARTED.compareAndSet(false, true)) {
      throw new IllegalStateException("standard input is watched already");
    }
    watch(System.in, onParentGone);
  }

  static void watch(InputStream input, Runnable onParentGone) {
    Thread.ofPlatform()
        .daemon()
        .name("larder-parent-watch")
        .start(() -> {
          byte[] ignored = new byte[256];
          try {
            int read;
            do {
              read = input.read(ignored);
            } while (read >= 0);
          } catch (IOException _) {
            // A broken stream counts as an ended one.
          }
          onParentGone.run();
        });
  }
}
