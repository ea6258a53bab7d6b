package io.larder.node.device;

import io.netty.channel.uring.IoUring;
import java.io.IOException;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The ways to drive a device. */
public enum Engine {
  /** {@link #IO_URING} where kernel and container allow it, else {@link #THREADS}. */
  AUTO,
  /** A ring of the kernel, see {@link UringDevice}. */
  IO_URING,
  /** Blocking system calls on threads, see {@link DirectDevice}. */
  THREADS;

  private static final Logger LOG = LoggerFactory.getLogger(Engine.class);

  /** Whether kernel and container allow it. */
  public boolean isAvailable() {
    return this != IO_URING || IoUring.isAvailable();
  }

  /**
   * Opens a block device or a regular file for this process alone.
   *
   * @param threads the number of threads of {@link #THREADS}
   * @throws IOException if it cannot be opened, or {@link #IO_URING} is requested and not allowed
   *     here; the message says what to do
   */
  public Device open(Path path, int threads) throws IOException {
    return switch (this) {
      case THREADS -> DirectDevice.open(path, threads);
      case IO_URING -> {
        if (!IoUring.isAvailable()) {
          throw new IOException(
              path
                  + ": cannot be driven by io_uring, which this kernel or container does not offer ("
                  + IoUring.unavailabilityCause().getMessage()
                  + "): set storage.engine to auto",
              IoUring.unavailabilityCause());
        }
        yield UringDevice.open(path);
      }
      case AUTO -> {
        if (IoUring.isAvailable()) {
          yield UringDevice.open(path);
        }
        LOG.info(
            "{}: driven by {} threads, as io_uring is not available: {}",
            path,
            threads,
            IoUring.unavailabilityCause().getMessage());
        yield DirectDevice.open(path, threads);
      }
    };
  }
}
