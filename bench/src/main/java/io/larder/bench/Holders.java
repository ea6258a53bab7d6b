package io.larder.bench;

import java.util.List;
import java.util.Set;

/**
 * The number of nodes that hold each key on their own devices.
 *
 * @param counts in the order of the keys
 * @param silent the nodes that did not answer, whose keys are not counted
 */
public record Holders(List<Integer> counts, Set<String> silent) {
  public Holders {
    counts = List.copyOf(counts);
    silent = Set.copyOf(silent);
  }
}
