package io.larder.node.store.log;

import io.larder.node.store.WrittenRecord;
import io.larder.node.store.format.Location;
import io.larder.node.store.format.Tombstone;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

/** A put whose record is written, until it is published or discarded. */
final class PendingPut implements WrittenRecord {
  private final Volume volume;
  private final Appender appender;
  private final Append append;
  private final Runnable onSettled;
  private final long stamp;
  private final AtomicBoolean settled = new AtomicBoolean();

  /**
   * @param onSettled called when its segment may be reclaimed
   */
  PendingPut(Volume volume, Appender appender, Append append, Runnable onSettled) {
    this.volume = volume;
    this.appender = appender;
    this.append = append;
    this.onSettled = onSettled;
    this.stamp = volume.segments().stamp(append.location());
  }

  @Override
  public long stamp() {
    return stamp;
  }

  @Override
  public void publish() {
    settle();
    Segments segments = volume.segments();
    long location = append.location();
    segments.addLiveBytes(Location.segment(location), Location.lengthBytes(location));
    long old = volume.index().put(append.slot, append.fingerprint, location, append.expiresAtMs);
    if (old != 0) {
      segments.addLiveBytes(Location.segment(old), -Location.lengthBytes(old));
    }
    volume.pins().forget(append.fingerprint, append.lsn());
    appender.settled(append);
    onSettled.run();
  }

  @Override
  public CompletableFuture<Void> discard() {
    settle();
    Append tombstone =
        Append.tombstone(append.slot, append.fingerprint, Tombstone.ONLY, 0, append.lsn(), 0);
    appender.append(tombstone);
    return tombstone
        .done
        .thenAccept(done -> {
          appender.settled(append);
          onSettled.run();
        })
        .whenComplete((_, failure) -> {
          if (failure != null) {
            settled.set(false);
          }
        });
  }

  private void settle() {
    if (!settled.compareAndSet(false, true)) {
      throw new IllegalStateException("a record was published or discarded twice");
    }
  }
}
