package io.larder.node.device;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** A device on a {@link DeviceFile}, whatever engine drives it. */
abstract sealed class FileDevice implements Device permits DirectDevice, UringDevice {
  final DeviceFile file;
  private final SubmissionPool submissions = new SubmissionPool();
  private final Scratch buffers = BlockingIo.newBuffers();

  FileDevice(DeviceFile file) {
    this.file = file;
  }

  @Override
  public String name() {
    return file.name();
  }

  @Override
  public long sizeBytes() {
    return file.sizeBytes();
  }

  @Override
  public Scratch blockingBuffers() {
    return buffers;
  }

  @Override
  public void write(long offset, MemorySegment[] segments, IoCallback callback) {
    submit(Submission.Kind.WRITE, offset, segments, callback);
  }

  @Override
  public void read(long offset, MemorySegment[] segments, IoCallback callback) {
    submit(Submission.Kind.READ, offset, segments, callback);
  }

  @Override
  public void flush(IoCallback callback) {
    queueOrRefuse(submissions.take().flush(callback));
  }

  private void submit(
      Submission.Kind kind, long offset, MemorySegment[] segments, IoCallback callback) {
    long bytes = file.checkedBytes(offset, segments);
    queueOrRefuse(submissions.take().transfer(kind, offset, bytes, segments, callback));
  }

  private void queueOrRefuse(Submission submission) {
    if (!queue(submission)) {
      finish(submission, new IOException(name() + ": is closed"));
    }
  }

  /** Queues a submission; false if the device is closed. */
  abstract boolean queue(Submission submission);

  /**
   * Calls back; the memory is the caller's again and the submission another transfer's. The engine
   * has forgotten it by now.
   */
  final void finish(Submission submission, @Nullable IOException failure) {
    IoCallback callback = submission.end();
    submissions.giveBack(submission);
    try {
      callback.done(failure);
    } catch (RuntimeException | Error e) { // a caller's bug must not end an engine's thread
      Thread thread = Thread.currentThread();
      thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
    }
  }
}
