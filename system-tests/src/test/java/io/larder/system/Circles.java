package io.larder.system;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Finds the circles of a graph: its strongly connected components of more than one node. */
final class Circles {
  private final Map<String, Set<String>> edges;
  private final Map<String, Integer> order = new HashMap<>();
  private final Deque<String> stack = new ArrayDeque<>();
  private final Set<String> onStack = new HashSet<>();
  private final List<Set<String>> circles = new ArrayList<>();

  private Circles(Map<String, Set<String>> edges) {
    this.edges = edges;
  }

  /**
   * Finds them by Tarjan's algorithm (Depth-First Search and Linear Graph Algorithms, 1972).
   *
   * @param edges each node with the nodes it points to
   */
  static List<Set<String>> of(Map<String, Set<String>> edges) {
    Circles search = new Circles(edges);
    for (String node : edges.keySet()) {
      if (!search.order.containsKey(node)) {
        search.visit(node);
      }
    }
    return search.circles;
  }

  private int visit(String node) {
    int own = order.size();
    int low = own;
    order.put(node, own);
    stack.push(node);
    onStack.add(node);
    for (String target : edges.getOrDefault(node, Set.of())) {
      Integer seen = order.get(target);
      if (seen == null) {
        low = Math.min(low, visit(target));
      } else if (onStack.contains(target)) {
        low = Math.min(low, seen);
      }
    }
    if (low == own) {
      Set<String> circle = new TreeSet<>();
      String member;
      do {
        member = stack.pop();
        onStack.remove(member);
        circle.add(member);
      } while (!member.equals(node));
      if (circle.size() > 1) {
        circles.add(circle);
      }
    }
    return low;
  }
}
