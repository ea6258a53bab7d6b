package io.larder.node.router;

import io.larder.node.service.Member;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Sorts a batch by slot owner, keeping each element's index in the batch. Not thread-safe.
 *
 * @param <T> the elements
 */
final class Grouping<T> {
  private record Group<T>(List<Integer> indices, List<T> elements) {}

  interface Each<T> {
    void group(Member owner, List<Integer> indices, List<T> elements);
  }

  private final Cluster cluster;
  private final Map<Member, Group<T>> groups = new LinkedHashMap<>();

  Grouping(Cluster cluster) {
    this.cluster = cluster;
  }

  /** Adds an element; false if its slot has no live owner, and then it is in no group. */
  boolean add(int slot, int index, T element) {
    @Nullable Member owner = cluster.owner(slot);
    if (owner == null) {
      return false;
    }
    Group<T> group =
        groups.computeIfAbsent(owner, _ -> new Group<>(new ArrayList<>(), new ArrayList<>()));
    group.indices().add(index);
    group.elements().add(element);
    return true;
  }

  void forEach(Each<T> each) {
    groups.forEach((owner, group) -> each.group(owner, group.indices(), group.elements()));
  }
}
