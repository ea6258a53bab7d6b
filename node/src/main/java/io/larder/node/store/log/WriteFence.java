package io.larder.node.store.log;

import io.larder.node.store.StoreException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Whether writing has stopped for good, and why; the first reason stays. Thread-safe. */
final class WriteFence {
  private final AtomicReference<@Nullable StoreException> reason = new AtomicReference<>();
  private volatile Runnable onStop = () -> {};

  /** Installs what lets go of those who wait to write. */
  void listen(Runnable stopped) {
    onStop = stopped;
  }

  @Nullable StoreException get() {
    return reason.get();
  }

  /** Stops writing; false if it has stopped already. */
  boolean stop(StoreException why) {
    boolean first = reason.compareAndSet(null, why);
    if (first) {
      // On a thread of its own: whoever finds the reason may hold a lock.
      Thread _ = Thread.ofVirtual().start(() -> onStop.run());
    }
    return first;
  }
}
