package io.larder.node.store.log;

import io.larder.node.block.Block;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One read of a record and its waiters, each of which gets a reference of its own. Thread-safe. */
final class SharedRead {
  private record Waiter(CompletableFuture<@Nullable Block> block, boolean early) {
    void answer(@Nullable Block found) {
      if (!block.complete(found) && found != null) {
        found.payload().release(); // cancelled meanwhile
      }
    }
  }

  final long begunNanos = System.nanoTime();
  private List<Waiter> waiters = new ArrayList<>(1);
  private @Nullable Block begun;
  private boolean landed;

  /**
   * Adds a waiter for the block.
   *
   * @param early whether the first chunk is enough
   * @return false if the read is over
   */
  boolean join(CompletableFuture<@Nullable Block> block, boolean early) {
    Waiter waiter = new Waiter(block, early);
    Block there;
    synchronized (this) {
      if (landed) {
        return false;
      }
      there = early ? begun : null;
      if (there == null) {
        waiters.add(waiter);
        return true;
      }
      there.payload().retain();
    }
    waiter.answer(there);
    return true;
  }

  /** Answers the early waiters: the first chunk has arrived; the caller keeps its reference. */
  void begin(Block block) {
    List<Waiter> early = new ArrayList<>(waiters.size());
    synchronized (this) {
      if (landed) {
        return;
      }
      begun = block;
      List<Waiter> patient = new ArrayList<>(0);
      for (Waiter waiter : waiters) {
        (waiter.early() ? early : patient).add(waiter);
      }
      waiters = patient;
      early.forEach(waiter -> block.payload().retain());
    }
    early.forEach(waiter -> waiter.answer(block));
  }

  /** Ends the read; takes over the caller's reference to the block. Null is a miss. */
  void land(@Nullable Block block, @Nullable Throwable failure) {
    List<Waiter> all;
    Block broken;
    synchronized (this) {
      all = waiters;
      waiters = List.of();
      broken = landed || block != null ? null : begun;
      landed = true;
      for (int i = 1; block != null && i < all.size(); i++) {
        block.payload().retain();
      }
    }
    if (block != null && all.isEmpty()) {
      block.payload().release();
    }
    if (broken != null) {
      broken.payload().breakOff();
    }
    for (Waiter waiter : all) {
      if (failure == null) {
        waiter.answer(block);
      } else {
        waiter.block().completeExceptionally(failure);
      }
    }
  }
}
