package io.larder.node.store.log;

import io.larder.node.store.StoreException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Stops writing for good, with a reason; the first reason stays. Thread-safe. */
final class WriteFence {
  private final AtomicReference<@Nullable StoreException> reason = new AtomicReference<>();
  private volatile Runnable onStop = () -> {};

  /** Installs the listener that ends the waits of writers. */
  void listen(Runnable stopped) {
    onStop = stopped;
  }

  /** The reason, or null while writing is possible. */
  @Nullable StoreException get() {
    return reason.get();
  }

  /** Stops writing; false if it has stopped already. */
  boolean stop(StoreException why) {
    boolean first = reason.compareAndSet(null, why);
    if (first) {
      // On a thread of its own: the caller may hold a lock.
      Thread.ofVirtual().start(() -> onStop.run());
    }
    return first;
  }
}
