package com.example.inference;

import java.nio.ByteBuffer;

/** The model on its GPU, as far as a cache of its blocks concerns it. Called by many threads. */
public interface Gpu {
  /** Computes the KV block of these tokens, whose predecessors are in place: seconds of work. */
  ByteBuffer prefill(int block, int[] tokens);

  /** Copies a block that was computed before, here or elsewhere, into place: milliseconds. */
  void load(int block, ByteBuffer kv);
}
