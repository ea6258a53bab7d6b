package io.larder.node.device;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * Device I/O that waits, for opening, recovery and housekeeping; never for the hot path. Larger
 * transfers are cut into submissions.
 *
 * <p>The device never sees the caller's memory: it reads and writes a buffer of its own, which a
 * submission that is not answered in time, or whose caller was interrupted, keeps for ever. So the
 * caller may free or reuse its memory whatever happened, and that memory needs no alignment.
 */
public final class BlockingIo {
  /** How long one submission may take before it counts as failed. */
  public static final long DEADLINE_SECONDS = 30;

  private static final Scratch BUFFERS = new Scratch(Device.MAX_SUBMISSION_BYTES);

  private BlockingIo() {}

  /** Writes the whole segment at {@code offset}. */
  public static void write(Device device, long offset, MemorySegment segment) throws IOException {
    for (long at = 0; at < segment.byteSize(); at += Device.MAX_SUBMISSION_BYTES) {
      MemorySegment piece = piece(segment, at);
      MemorySegment whole = BUFFERS.take();
      MemorySegment buffer = whole.asSlice(0, piece.byteSize()).copyFrom(piece);
      long to = offset + at;
      await(
          device,
          "write",
          callback -> device.write(to, new MemorySegment[] {buffer}, callback),
          () -> BUFFERS.give(whole));
    }
  }

  /** Fills the whole segment from {@code offset}. */
  public static void read(Device device, long offset, MemorySegment segment) throws IOException {
    for (long at = 0; at < segment.byteSize(); at += Device.MAX_SUBMISSION_BYTES) {
      MemorySegment piece = piece(segment, at);
      MemorySegment whole = BUFFERS.take();
      MemorySegment buffer = whole.asSlice(0, piece.byteSize());
      long from = offset + at;
      await(
          device,
          "read",
          callback -> device.read(from, new MemorySegment[] {buffer}, callback),
          () -> {
            MemorySegment _ = piece.copyFrom(buffer);
            BUFFERS.give(whole);
          });
    }
  }

  /** Flushes the device. */
  public static void flush(Device device) throws IOException {
    await(device, "flush", device::flush, () -> {});
  }

  private static MemorySegment piece(MemorySegment segment, long at) {
    return segment.asSlice(at, Math.min(Device.MAX_SUBMISSION_BYTES, segment.byteSize() - at));
  }

  /**
   * @param answered run on the caller's thread once the device has answered with success, so that
   *     it is done with the buffer
   */
  private static void await(
      Device device, String what, Consumer<IoCallback> submit, Runnable answered)
      throws IOException {
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    submit.accept(failure -> {
      boolean _ = failure == null ? done.complete(true) : done.completeExceptionally(failure);
    });
    try {
      boolean _ = done.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new IOException(cause.getMessage(), cause);
    } catch (TimeoutException e) {
      throw new StalledException(
          device.name() + ": no answer to a " + what + " within " + DEADLINE_SECONDS + " s");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted during a " + what + " of " + device.name(), e);
    }
    answered.run();
  }
}
