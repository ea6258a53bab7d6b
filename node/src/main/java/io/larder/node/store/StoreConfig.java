package io.larder.node.store;

import io.larder.node.device.DirectDevice;
import io.larder.node.device.Engine;
import java.nio.file.Path;

/**
 * Configuration of a store; everything else is in the device's superblock.
 *
 * @param device a formatted block device or file
 * @param durability when a put counts as done
 * @param engine the device engine
 * @param deviceThreads threads of the engine that needs them, each with at most 1 MiB in flight
 * @param ioDeadlineMs time in which the device must answer before it counts as stalled
 */
public record StoreConfig(
    Path device, Durability durability, Engine engine, int deviceThreads, int ioDeadlineMs) {
  /** Longer than a good drive ever takes, shorter than the kernel's patience of 30 s. */
  public static final int DEFAULT_IO_DEADLINE_MS = 10_000;

  /** When a record counts as durable. */
  public enum Durability {
    /**
     * When the device has acknowledged the write: survives the death of the process, and of the
     * system if the device has no volatile cache.
     */
    WRITTEN,
    /** When the device has flushed the write: survives power loss. Writes share flushes. */
    FLUSH
  }

  public StoreConfig {
    if (deviceThreads < 1 || deviceThreads > 256) {
      throw new IllegalArgumentException(
          "device threads " + deviceThreads + ": give 1 to 256, 16 by default");
    }
    if (ioDeadlineMs < 10) {
      throw new IllegalArgumentException(
          "a device deadline of " + ioDeadlineMs + " ms: at least 10");
    }
  }

  /** The defaults: {@link Durability#WRITTEN}, {@link Engine#AUTO}. */
  public static StoreConfig of(Path device) {
    return new StoreConfig(
        device,
        Durability.WRITTEN,
        Engine.AUTO,
        DirectDevice.DEFAULT_THREADS,
        DEFAULT_IO_DEADLINE_MS);
  }
}
