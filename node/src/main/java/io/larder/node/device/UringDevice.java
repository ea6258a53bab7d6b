package io.larder.node.device;

import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.uring.IoUringIoEvent;
import io.netty.channel.uring.IoUringIoHandle;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringIoHandlerConfig;
import io.netty.channel.uring.IoUringIoOps;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The engine of one thread and one ring: submissions of any thread go to Netty's io_uring loop,
 * which submits and completes them in batches, one system call for many. Callbacks run on that
 * thread, and their submissions need no hand-over.
 *
 * <p>At most {@link #MAX_IN_FLIGHT} submissions and {@link #MAX_IN_FLIGHT_BYTES} bytes are in
 * flight; more would only wait in the kernel. The others queue. Short transfers and EINTR are
 * resumed at a block boundary; a transfer of zero bytes is an error.
 */
final class UringDevice extends FileDevice {
  /** A completion carries its place in a signed 16-bit number. */
  static final int MAX_IN_FLIGHT = 256;

  static final long MAX_IN_FLIGHT_BYTES = 16L << 20;

  // include/uapi/linux/io_uring.h
  private static final byte READV = 1;
  private static final byte WRITEV = 2;
  private static final byte FSYNC = 3;
  private static final byte READ = 22;
  private static final byte WRITE = 23;
  private static final int FSYNC_DATASYNC = 1;

  private final MultiThreadIoEventLoopGroup group;
  private final IoEventLoop loop;
  private final IoRegistration registration;
  private final MemorySegment iovecs =
      Arena.ofAuto()
          .allocate((long) MAX_IN_FLIGHT * Submission.MAX_SEGMENTS * Submission.IOVEC_BYTES, 8);

  // Guarded by `this`. A submission in a slot keeps its memory reachable until it is answered.
  private final ArrayDeque<Submission> queue = new ArrayDeque<>();
  private final @Nullable Submission[] slots = new @Nullable Submission[MAX_IN_FLIGHT];
  private final int[] freeSlots = new int[MAX_IN_FLIGHT];
  private int free;
  private long inFlightBytes;
  private boolean pumping;
  private boolean closed;
  private boolean released;

  private UringDevice(DeviceFile file) throws IOException {
    super(file);
    for (int slot = MAX_IN_FLIGHT - 1; slot >= 0; slot--) {
      freeSlots[free++] = slot;
    }
    this.group =
        new MultiThreadIoEventLoopGroup(
            1,
            new DefaultThreadFactory("larder-device-ring", true),
            IoUringIoHandler.newFactory(new IoUringIoHandlerConfig().setRingSize(MAX_IN_FLIGHT)));
    this.loop = group.next();
    var registering = loop.register(new Handle()).awaitUninterruptibly();
    if (!registering.isSuccess()) {
      var _ = group.shutdownGracefully(0, 0, TimeUnit.SECONDS);
      throw new IOException(
          file.name() + ": no ring could be made for it: " + registering.cause().getMessage(),
          registering.cause());
    }
    this.registration = registering.getNow();
  }

  static UringDevice open(Path path) throws IOException {
    return open(path, new SystemCalls());
  }

  private static UringDevice open(Path path, SystemCalls calls) throws IOException {
    DeviceFile file = DeviceFile.open(path, calls);
    boolean opened = false;
    try {
      UringDevice device = new UringDevice(file);
      opened = true;
      return device;
    } finally {
      if (!opened) {
        file.close();
      }
    }
  }

  @Override
  public String engine() {
    return "io_uring";
  }

  @Override
  public synchronized int pending() {
    return queue.size() + MAX_IN_FLIGHT - free;
  }

  @Override
  public synchronized long oldestNanos(boolean reads) {
    return Submission.oldestNanos(queue, slots, reads);
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      releaseIfDone();
      if (loop.inEventLoop()) {
        return; // it closes after the last answer
      }
      long end = System.nanoTime() + CLOSE_DEADLINE_NANOS;
      boolean interrupted = false;
      for (long left = CLOSE_DEADLINE_NANOS; !released && left > 0; ) {
        try {
          TimeUnit.NANOSECONDS.timedWait(this, left);
        } catch (InterruptedException e) {
          interrupted = true;
        }
        left = end - System.nanoTime();
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Closes device and ring once nothing is in flight. */
  private void releaseIfDone() {
    if (closed && !released && queue.isEmpty() && free == MAX_IN_FLIGHT) {
      released = true;
      file.close();
      registration.cancel();
      var _ = group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
      notifyAll();
    }
  }

  @Override
  boolean queue(Submission submission) {
    synchronized (this) {
      if (closed) {
        return false;
      }
      queue.add(submission);
      if (pumping) {
        return true; // the thread that pumps submits it
      }
      pumping = true;
    }
    if (loop.inEventLoop()) {
      pump();
    } else {
      loop.execute(this::pump);
    }
    return true;
  }

  /** Submits as much as may be in flight. On the loop's thread. */
  private void pump() {
    for (Submission next = begin(); next != null; next = begin()) {
      issue(next);
    }
  }

  /** Gives the next submission a slot; null if none may begin now. */
  private synchronized @Nullable Submission begin() {
    Submission next = queue.peek();
    boolean mayBegin =
        next != null
            && free > 0
            && (inFlightBytes == 0 || inFlightBytes + next.bytes <= MAX_IN_FLIGHT_BYTES);
    pumping = mayBegin;
    if (!mayBegin) {
      return null;
    }
    Submission submission = queue.remove();
    submission.slot = freeSlots[--free];
    slots[submission.slot] = submission;
    inFlightBytes += submission.bytes;
    return submission;
  }

  private void issue(Submission submission) {
    int slot = submission.slot;
    if (submission.kind == Submission.Kind.FLUSH) {
      submit(slot, FSYNC, 0, 0, 0, FSYNC_DATASYNC);
      return;
    }
    MemorySegment pieces =
        iovecs.asSlice(
            (long) slot * Submission.MAX_SEGMENTS * Submission.IOVEC_BYTES,
            (long) Submission.MAX_SEGMENTS * Submission.IOVEC_BYTES);
    int count = submission.describe(pieces);
    long offset = submission.offset + submission.done;
    if (count == 1) {
      long address = pieces.get(ValueLayout.JAVA_LONG, 0);
      int bytes = (int) (submission.bytes - submission.done);
      submit(slot, submission.isRead() ? READ : WRITE, offset, address, bytes, 0);
    } else {
      submit(slot, submission.isRead() ? READV : WRITEV, offset, pieces.address(), count, 0);
    }
  }

  private void submit(int slot, byte opcode, long offset, long address, int length, int flags) {
    // The sqe's fields in order: off, addr, len, rw_flags or fsync_flags, user_data; no others.
    registration.submit(
        new IoUringIoOps(
            opcode,
            (byte) 0,
            (short) 0,
            file.fd(),
            offset,
            address,
            length,
            flags,
            (long) slot,
            (short) 0,
            (short) 0,
            0,
            0L));
  }

  private void completed(int slot, int result) {
    Submission submission = Objects.requireNonNull(slots[slot]);
    IOException failure = null;
    if (result == -SystemCalls.EINTR || result == -SystemCalls.EAGAIN) {
      issue(submission);
      return;
    }
    if (result < 0) {
      failure = submission.failure(file.name(), SystemCalls.describe(-result));
    } else if (submission.kind != Submission.Kind.FLUSH) {
      if (!submission.advance(result)) {
        failure =
            submission.failure(
                file.name(), "transferred " + result + " bytes and would go no further");
      } else if (submission.done < submission.bytes) {
        issue(submission);
        return;
      }
    }
    boolean more;
    synchronized (this) {
      slots[slot] = null;
      freeSlots[free++] = slot;
      inFlightBytes -= submission.bytes;
      more = !pumping && !queue.isEmpty();
      pumping |= more;
    }
    if (more) {
      pump(); // before the callback, which may take long
    }
    finish(submission, failure);
    synchronized (this) {
      releaseIfDone();
    }
  }

  /** Netty's handle of the device. */
  private final class Handle implements IoUringIoHandle {
    @Override
    public void handle(IoRegistration ignored, IoEvent event) {
      IoUringIoEvent completion = (IoUringIoEvent) event;
      try {
        completed((int) completion.userData(), completion.res());
      } catch (RuntimeException e) { // in the loop it would cost everyone a tenth of a second
        Thread thread = Thread.currentThread();
        thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
      }
    }

    @Override
    public void close() {} // the device closes the ring, never the ring the device
  }
}
