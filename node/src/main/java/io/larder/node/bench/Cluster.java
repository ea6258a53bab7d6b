package io.larder.node.bench;

import java.io.IOException;
import java.util.List;

/**
 * What a run needs to know about a cluster beside its caches: it can be one that the run has
 * started or one that runs already.
 */
public interface Cluster {
  /** How many nodes there are. */
  int nodes();

  /** The client of an inference server that stands beside node {@code index mod nodes()}. */
  BlockCache attach(int index);

  /**
   * How many nodes hold each key on their own device, in order. Asks every node, not the directory.
   */
  List<Integer> copies(List<String> keys) throws IOException, InterruptedException;

  /** Blocks dropped for space since the nodes started, or 0 if that cannot be known. */
  long evictions() throws IOException, InterruptedException;
}
