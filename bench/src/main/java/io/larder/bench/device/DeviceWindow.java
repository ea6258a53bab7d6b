package io.larder.bench.device;

import io.larder.node.device.Device;
import io.larder.node.device.IoCallback;
import io.larder.node.device.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.LongAdder;

/**
 * A part of a device presented as a whole one, so that a store and its rival share a device safely;
 * counts written bytes. Closing it closes the device.
 */
final class DeviceWindow implements Device {
  private final Device device;
  private final long start;
  private final long sizeBytes;
  private final LongAdder bytesWritten = new LongAdder();

  /**
   * @param device the whole device
   * @param start of the part, in whole blocks
   * @param sizeBytes of the part, in whole blocks
   */
  DeviceWindow(Device device, long start, long sizeBytes) {
    this.device = device;
    this.start = start;
    this.sizeBytes = sizeBytes;
    if (start % BLOCK_BYTES != 0
        || sizeBytes % BLOCK_BYTES != 0
        || start < 0
        || start + sizeBytes > device.sizeBytes()) {
      throw new IllegalArgumentException(
          device.name() + ": has no " + sizeBytes + " bytes at " + start);
    }
  }

  /** Bytes submitted for writing so far. */
  long bytesWritten() {
    return bytesWritten.sum();
  }

  @Override
  public long sizeBytes() {
    return sizeBytes;
  }

  @Override
  public String name() {
    return device.name();
  }

  @Override
  public String engine() {
    return device.engine();
  }

  @Override
  public Scratch blockingBuffers() {
    return device.blockingBuffers();
  }

  @Override
  public void write(long offset, MemorySegment[] segments, IoCallback callback) {
    long bytes = bytes(segments);
    bytesWritten.add(bytes);
    device.write(within(offset, bytes), segments, callback);
  }

  @Override
  public void read(long offset, MemorySegment[] segments, IoCallback callback) {
    device.read(within(offset, bytes(segments)), segments, callback);
  }

  @Override
  public void flush(IoCallback callback) {
    device.flush(callback);
  }

  @Override
  public int pending() {
    return device.pending();
  }

  @Override
  public long oldestNanos(boolean reads) {
    return device.oldestNanos(reads);
  }

  @Override
  public void close() {
    device.close();
  }

  private static long bytes(MemorySegment[] segments) {
    long bytes = 0;
    for (MemorySegment segment : segments) {
      bytes += segment.byteSize();
    }
    return bytes;
  }

  private long within(long offset, long bytes) {
    if (offset < 0 || offset > sizeBytes - bytes) {
      throw new IllegalArgumentException(name() + ": " + offset + " is outside the window");
    }
    return start + offset;
  }
}
