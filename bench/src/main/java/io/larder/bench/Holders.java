package io.larder.bench;

import java.util.List;
import java.util.Set;

/**
 * How many nodes say that they hold each key on their own devices.
 *
 * @param counts in the order of the keys
 * @param silent the nodes that did not answer: what they hold is not in the counts
 */
public record Holders(List<Integer> counts, Set<String> silent) {
  public Holders {
    counts = List.copyOf(counts);
    silent = Set.copyOf(silent);
  }
}
