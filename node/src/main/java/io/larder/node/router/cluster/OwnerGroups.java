package io.larder.node.router.cluster;

import io.larder.node.service.Member;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The elements of a batch, grouped by slot owner, each with its index in the batch. Not
 * thread-safe.
 *
 * @param <T> the elements
 */
public final class OwnerGroups<T> {
  private record Group<T>(List<Integer> indices, List<T> elements) {}

  /** Receives the group of one owner. */
  public interface Visitor<T> {
    void group(Member owner, List<Integer> indices, List<T> elements);
  }

  private final Cluster cluster;
  private final Map<Member, Group<T>> groups = new LinkedHashMap<>();

  public OwnerGroups(Cluster cluster) {
    this.cluster = cluster;
  }

  /** Adds an element; false if its slot has no live owner, and then it is in no group. */
  public boolean add(int slot, int index, T element) {
    Member owner = cluster.owner(slot);
    if (owner == null) {
      return false;
    }
    Group<T> group =
        groups.computeIfAbsent(owner, _ -> new Group<>(new ArrayList<>(), new ArrayList<>()));
    group.indices().add(index);
    group.elements().add(element);
    return true;
  }

  public void forEach(Visitor<T> visitor) {
    groups.forEach((owner, group) -> visitor.group(owner, group.indices(), group.elements()));
  }
}
