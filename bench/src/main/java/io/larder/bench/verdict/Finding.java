package io.larder.bench.verdict;

/**
 * A promise that was seen broken.
 *
 * @param promise which one
 * @param key of the block, or the call or part that shows it
 * @param how in words
 */
public record Finding(BrokenPromise promise, String key, String how) {
  @Override
  public String toString() {
    return promise + ": " + key + ": " + how;
  }
}
