package io.larder.node.device;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Device I/O that waits, for opening, recovery and housekeeping; never for the hot path. Larger
 * transfers are cut into submissions.
 *
 * <p>The device never gets the caller's memory: it reads and writes one of its own buffers, which a
 * submission that is not answered in time, or whose caller was interrupted, keeps for ever. So the
 * caller may free or reuse its memory in any case, and that memory needs no alignment.
 */
public final class BlockingIo {
  /** How long one submission may take before it counts as failed. */
  public static final long DEADLINE_SECONDS = 30;

  /** Submissions of one read that are in flight at once. */
  private static final int READ_DEPTH = 4;

  private BlockingIo() {}

  /** The buffers that a device keeps for blocking I/O. */
  public static Scratch newBuffers() {
    return new Scratch(Device.MAX_SUBMISSION_BYTES);
  }

  /** Writes the whole segment at {@code offset}. */
  public static void write(Device device, long offset, MemorySegment segment) throws IOException {
    for (long at = 0; at < segment.byteSize(); at += Device.MAX_SUBMISSION_BYTES) {
      MemorySegment piece = piece(segment, at);
      MemorySegment whole = device.blockingBuffers().take();
      MemorySegment buffer = whole.asSlice(0, piece.byteSize()).copyFrom(piece);
      CompletableFuture<Boolean> done = new CompletableFuture<>();
      device.write(offset + at, new MemorySegment[] {buffer}, answer(done));
      await(device, "write", done);
      device.blockingBuffers().giveBack(whole);
    }
  }

  /** Fills the whole segment from {@code offset}, a few submissions at a time. */
  public static void read(Device device, long offset, MemorySegment segment) throws IOException {
    ArrayDeque<Read> begun = new ArrayDeque<>();
    long next = 0;
    try {
      for (long at = 0; at < segment.byteSize(); at += Device.MAX_SUBMISSION_BYTES) {
        while (next < segment.byteSize() && begun.size() < READ_DEPTH) {
          begun.add(begin(device, offset + next, (int) piece(segment, next).byteSize()));
          next += Device.MAX_SUBMISSION_BYTES;
        }
        begun.remove().await(segment.asSlice(at));
      }
    } finally {
      begun.forEach(Read::abandon);
    }
  }

  /**
   * Begins one read, to be awaited later.
   *
   * @param bytes at most those of one submission
   */
  public static Read begin(Device device, long offset, int bytes) {
    return new Read(device, offset, bytes);
  }

  /** A read in flight. One thread, which ends it by one of its methods. */
  public static final class Read {
    private final Device device;
    private final int bytes;
    private final MemorySegment buffer;
    private final CompletableFuture<Boolean> done = new CompletableFuture<>();

    private Read(Device device, long offset, int bytes) {
      this.device = device;
      this.bytes = bytes;
      this.buffer = device.blockingBuffers().take();
      device.read(offset, new MemorySegment[] {buffer.asSlice(0, bytes)}, answer(done));
    }

    public int bytes() {
      return bytes;
    }

    /** Waits for the bytes and copies them to the beginning of the target. */
    public void await(MemorySegment target) throws IOException {
      BlockingIo.await(device, "read", done);
      MemorySegment.copy(buffer, 0, target, 0, bytes);
      device.blockingBuffers().giveBack(buffer);
    }

    /** Drops the bytes when they arrive. */
    public void abandon() {
      var _ = done.whenComplete((answered, failure) -> device.blockingBuffers().giveBack(buffer));
    }
  }

  /** Flushes the device. */
  public static void flush(Device device) throws IOException {
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    device.flush(answer(done));
    await(device, "flush", done);
  }

  private static MemorySegment piece(MemorySegment segment, long at) {
    return segment.asSlice(at, Math.min(Device.MAX_SUBMISSION_BYTES, segment.byteSize() - at));
  }

  private static IoCallback answer(CompletableFuture<Boolean> done) {
    return failure -> {
      boolean _ = failure == null ? done.complete(true) : done.completeExceptionally(failure);
    };
  }

  private static void await(Device device, String what, CompletableFuture<Boolean> done)
      throws IOException {
    try {
      done.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
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
  }
}
