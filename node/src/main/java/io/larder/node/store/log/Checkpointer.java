package io.larder.node.store.log;

import io.larder.node.store.format.Superblock;
import java.io.IOException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes a checkpoint after a segment changed its state, at most once a second, and at least once a
 * minute for the clock. Before each it checks that the device still belongs to this mount.
 */
final class Checkpointer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Checkpointer.class);
  private static final long MIN_INTERVAL_MS = 1000;
  private static final long MAX_INTERVAL_MS = 60_000;

  private final Volume volume;
  private final Superblock mounted;
  private final Checkpoint checkpoint;
  private final Semaphore wake = new Semaphore(0);
  private final Thread thread;
  private volatile boolean requested;
  private volatile boolean closed;

  Checkpointer(Volume volume, Superblock mounted, Checkpoint checkpoint) {
    this.volume = volume;
    this.mounted = mounted;
    this.checkpoint = checkpoint;
    this.thread = new Thread(this::run, "larder-checkpoint");
    this.thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** Requests a checkpoint soon. */
  void request() {
    requested = true;
  }

  long ageMs() {
    return checkpoint.ageNanos() / 1_000_000;
  }

  /** The sequence of the newest one. */
  synchronized long sequence() {
    return checkpoint.sequence();
  }

  /** Writes one now. */
  synchronized void write() throws IOException {
    requested = false;
    Superblock onDevice = Superblocks.read(volume.device()).newest();
    if (onDevice == null || !onDevice.mountNonce().equals(mounted.mountNonce())) {
      volume.stopWriting("another process has opened the device", null);
      throw new IOException(volume.device().name() + ": is no longer this process's");
    }
    checkpoint.write(volume.segments(), mounted.mountSequence(), volume.clock().advance());
  }

  @Override
  public void close() {
    closed = true;
    wake.release();
    ThreadEnd.await(thread, volume.fence());
  }

  private void run() {
    while (!closed) {
      try {
        if (wake.tryAcquire(MIN_INTERVAL_MS, TimeUnit.MILLISECONDS)) {
          return;
        }
        boolean due = requested || volume.clock().isBehind() || ageMs() > MAX_INTERVAL_MS;
        if (due && volume.fence().get() == null) {
          write();
        }
      } catch (IOException | RuntimeException e) {
        volume.counters().checkpointErrors.increment();
        requested = true;
        LOG.warn("{}: no checkpoint was written", volume.device().name(), e);
      } catch (InterruptedException e) {
        return;
      }
    }
  }
}
