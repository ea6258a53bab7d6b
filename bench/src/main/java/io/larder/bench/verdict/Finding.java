package io.larder.bench.verdict;

/**
 * An observed broken promise.
 *
 * @param promise the promise
 * @param key of the block, or the call or part that shows it
 * @param how the description
 */
public record Finding(BrokenPromise promise, String key, String how) {
  @Override
  public String toString() {
    return promise + ": " + key + ": " + how;
  }
}
