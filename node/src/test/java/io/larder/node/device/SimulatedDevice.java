package io.larder.node.device;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A device in memory that fails in every way a real one may, and remembers everything that was
 * asked of it, so that a crash at any moment can be made up afterwards.
 *
 * <p><b>Fault model.</b>
 *
 * <ul>
 *   <li><i>Volatile cache</i>: what was written is sure to be there only after a flush that was
 *       submitted when the write was done; until then any subset may be ({@link CrashImages}).
 *   <li><i>Torn</i>: of a write that was not sure, any of its sectors of 512 bytes may be there.
 *   <li><i>Reordered</i>: submissions end in an order drawn from the seed.
 *   <li>By a plan ({@link Faults}), per submission: <i>lost</i> (acknowledged, not written),
 *       <i>misdirected</i> (goes to, or comes from, another place), <i>stale</i> (a read sees what
 *       the device held at first), <i>short</i> (a part is transferred, then an error), <i>EIO</i>,
 *       <i>ENOSPC</i>, <i>stalled</i> (no answer until it resumes or the power is off).
 *   <li><i>Slow</i>: submissions wait for one another, so that several are under way at a crash.
 * </ul>
 *
 * <p>Not modelled: a drive that flushes and yet forgets (no order of writes survives that), and
 * bits that rot in the machine's own memory.
 *
 * <p>The image is a table of immutable pages, so a copy of it costs little. Thread-safe.
 */
public final class SimulatedDevice implements Device {
  public static final int SECTOR_BYTES = 512;

  /** What is asked of a device. */
  public enum Kind {
    READ,
    WRITE,
    FLUSH
  }

  /** What becomes of one submission. */
  public sealed interface Outcome {
    /** As it should be. */
    record Done() implements Outcome {}

    /** An error, and nothing was transferred. */
    record Failed(String reason) implements Outcome {}

    /** A part was transferred, then came an error. */
    record Partial(int sectors) implements Outcome {}

    /** Acknowledged and not done. */
    record Lost() implements Outcome {}

    /** Done at another offset. */
    record Misdirected(long offset) implements Outcome {}

    /** A read of what was there at first. */
    record Stale() implements Outcome {}

    /** No answer before it resumes or the power is off. */
    record Stalled() implements Outcome {}
  }

  /** Decides about each submission. */
  public interface Faults {
    Outcome of(Kind kind, long offset, long bytes);
  }

  /** What happened, in order. */
  public sealed interface Event {
    /** A write was submitted; its pages are immutable. */
    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    record Submitted(int id, int page, byte[][] pages) implements Event {}

    /** A write was acknowledged. */
    record Completed(int id) implements Event {}

    /** A flush was submitted. */
    record FlushSubmitted(int id) implements Event {}

    /** A flush was acknowledged. */
    record FlushCompleted(int id) implements Event {}

    /** Whatever the device's user wants to find again between these. */
    record Note(Object what) implements Event {}
  }

  public static final Outcome DONE = new Outcome.Done();
  private static final byte[] ZEROS = new byte[BLOCK_BYTES];

  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  private record Submission(
      Kind kind,
      int id,
      int page,
      MemorySegment[] segments,
      IoCallback callback,
      long submittedNanos) {}

  private final byte[][] first;
  private final byte[][] pages;
  private final List<Event> log = new ArrayList<>();
  private final Scratch buffers = BlockingIo.newBuffers();
  private final List<Submission> queue = new ArrayList<>();
  private final List<Submission> stalled = new ArrayList<>();
  private final @Nullable SplittableRandom order;
  private volatile Faults faults = (kind, offset, bytes) -> DONE;
  private int ids;
  private boolean off;

  private SimulatedDevice(byte[][] image, @Nullable SplittableRandom order) {
    this.first = image.clone();
    this.pages = image.clone();
    this.order = order;
    if (order != null) {
      Thread thread = new Thread(this::serve, "simulated-device");
      thread.setDaemon(true);
      thread.start();
    }
  }

  /** An image of zeros. */
  public static byte[][] blank(long sizeBytes) {
    byte[][] image = new byte[(int) (sizeBytes / BLOCK_BYTES)][];
    Arrays.fill(image, ZEROS);
    return image;
  }

  /** A device that does everything at once, on its caller's thread. */
  public static SimulatedDevice prompt(byte[][] image) {
    return new SimulatedDevice(image, null);
  }

  /** A device with a thread that takes what is submitted in an order drawn from the seed. */
  public static SimulatedDevice reordering(byte[][] image, long seed) {
    return new SimulatedDevice(image, new SplittableRandom(seed));
  }

  public void faults(Faults plan) {
    faults = plan;
  }

  /** Notes something in the log, at its place in the order of events. */
  public synchronized void note(Object what) {
    if (!off) {
      log.add(new Event.Note(what));
    }
  }

  /** What has happened so far. */
  public synchronized List<Event> log() {
    return new ArrayList<>(log);
  }

  /** What the device holds now, cache included. */
  public synchronized byte[][] image() {
    return pages.clone();
  }

  /** What the device held at first. */
  public byte[][] firstImage() {
    return first.clone();
  }

  /** Fails what is under way and all that comes. */
  public void powerOff() {
    List<Submission> left;
    synchronized (this) {
      off = true;
      left = new ArrayList<>(queue);
      left.addAll(stalled);
      queue.clear();
      stalled.clear();
      notifyAll();
    }
    for (Submission submission : left) {
      submission.callback.done(new IOException("the power is off"));
    }
  }

  @Override
  public String name() {
    return "simulated";
  }

  @Override
  public long sizeBytes() {
    return (long) pages.length * BLOCK_BYTES;
  }

  @Override
  public Scratch blockingBuffers() {
    return buffers;
  }

  @Override
  public String engine() {
    return "simulated";
  }

  @Override
  public void write(long offset, MemorySegment[] segments, IoCallback callback) {
    submit(Kind.WRITE, offset, segments, callback);
  }

  @Override
  public void read(long offset, MemorySegment[] segments, IoCallback callback) {
    submit(Kind.READ, offset, segments, callback);
  }

  @Override
  public void flush(IoCallback callback) {
    submit(Kind.FLUSH, 0, new MemorySegment[0], callback);
  }

  @Override
  public synchronized int pending() {
    return queue.size() + stalled.size();
  }

  @Override
  public synchronized long oldestNanos(boolean reads) {
    return Stream.concat(stalled.stream(), queue.stream())
        .filter(submission -> (submission.kind == Kind.READ) == reads)
        .mapToLong(submission -> System.nanoTime() - submission.submittedNanos)
        .max()
        .orElse(0);
  }

  /** Answers what has stalled, as if it had only been slow. */
  public void resume() {
    List<Submission> late;
    synchronized (this) {
      late = new ArrayList<>(stalled);
      stalled.clear();
    }
    late.forEach(this::execute);
  }

  @Override
  public void close() {
    powerOff();
  }

  private static long bytes(MemorySegment[] segments) {
    long bytes = 0;
    for (MemorySegment segment : segments) {
      bytes += segment.byteSize();
    }
    return bytes;
  }

  private void submit(Kind kind, long offset, MemorySegment[] segments, IoCallback callback) {
    long bytes = bytes(segments);
    if (kind != Kind.FLUSH
        && ((offset | bytes) % BLOCK_BYTES != 0
            || bytes <= 0
            || bytes > MAX_SUBMISSION_BYTES
            || offset < 0
            || offset + bytes > sizeBytes())) {
      throw new IllegalArgumentException(
          "simulated: a submission of " + bytes + " bytes at " + offset + " is not possible");
    }
    Submission submission;
    synchronized (this) {
      submission =
          off
              ? null
              : new Submission(
                  kind, ids++, (int) (offset / BLOCK_BYTES), segments, callback, System.nanoTime());
      if (submission != null && order != null) {
        queue.add(submission);
        begin(submission);
        notifyAll();
        return;
      }
      if (submission != null) {
        begin(submission);
      }
    }
    if (submission == null) {
      callback.done(new IOException("the power is off"));
    } else {
      execute(submission);
    }
  }

  private void begin(Submission submission) {
    if (submission.kind == Kind.WRITE) {
      byte[][] copy = copy(submission.segments);
      log.add(new Event.Submitted(submission.id, submission.page, copy));
    } else if (submission.kind == Kind.FLUSH) {
      log.add(new Event.FlushSubmitted(submission.id));
    }
  }

  private static byte[][] copy(MemorySegment[] segments) {
    byte[][] copy = new byte[(int) (bytes(segments) / BLOCK_BYTES)][];
    int page = 0;
    for (MemorySegment segment : segments) {
      for (long at = 0; at < segment.byteSize(); at += BLOCK_BYTES) {
        copy[page++] = segment.asSlice(at, BLOCK_BYTES).toArray(ValueLayout.JAVA_BYTE);
      }
    }
    return copy;
  }

  private void serve() {
    for (; ; ) {
      Submission submission;
      synchronized (this) {
        while (queue.isEmpty() && !off) {
          try {
            wait();
          } catch (InterruptedException e) {
            return;
          }
        }
        if (off || order == null) {
          return;
        }
        submission = queue.remove(order.nextInt(queue.size()));
      }
      execute(submission);
    }
  }

  private void execute(Submission submission) {
    long offset = (long) submission.page * BLOCK_BYTES;
    long bytes = bytes(submission.segments);
    Outcome outcome = faults.of(submission.kind, offset, bytes);
    IOException failure = null;
    switch (outcome) {
      case Outcome.Done _ -> transfer(submission, submission.page, Integer.MAX_VALUE, pages);
      case Outcome.Lost _ -> {}
      case Outcome.Failed failed -> failure = new IOException("simulated: " + failed.reason);
      case Outcome.Partial part -> {
        transfer(submission, submission.page, part.sectors, pages);
        failure = new IOException("simulated: short transfer");
      }
      case Outcome.Misdirected to ->
          transfer(submission, (int) (to.offset / BLOCK_BYTES), Integer.MAX_VALUE, pages);
      case Outcome.Stale _ -> transfer(submission, submission.page, Integer.MAX_VALUE, first);
      case Outcome.Stalled _ -> {
        synchronized (this) {
          if (!off) {
            stalled.add(submission);
            return;
          }
        }
        failure = new IOException("the power is off");
      }
    }
    synchronized (this) {
      if (off) {
        failure = new IOException("the power is off");
      } else if (failure == null && submission.kind == Kind.WRITE) {
        log.add(new Event.Completed(submission.id));
      } else if (failure == null && submission.kind == Kind.FLUSH) {
        log.add(new Event.FlushCompleted(submission.id));
      }
    }
    submission.callback.done(failure);
  }

  private synchronized void transfer(
      Submission submission, int page, int sectors, byte[][] source) {
    int left = sectors;
    int at = page;
    for (MemorySegment segment : submission.segments) {
      for (long in = 0; in < segment.byteSize() && left > 0; in += BLOCK_BYTES) {
        int bytes = (int) Math.min(BLOCK_BYTES, (long) left * SECTOR_BYTES);
        if (submission.kind == Kind.READ) {
          MemorySegment.copy(source[at], 0, segment, ValueLayout.JAVA_BYTE, in, bytes);
        } else {
          byte[] fresh = pages[at].clone();
          MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, in, fresh, 0, bytes);
          pages[at] = fresh;
        }
        left -= bytes / SECTOR_BYTES;
        at++;
      }
    }
  }
}
