package io.larder.coordinator.admin;

import io.larder.coordinator.registry.NodeRecord;
import java.util.ArrayList;
import java.util.List;

/**
 * The cluster's state at one moment, for people and scripts.
 *
 * @param cluster its name
 * @param leader the id of the leading coordinator; empty = none
 * @param slotsVersion version of the slot table
 * @param nodes the live nodes, and absent nodes that own slots, by node id
 * @param slotsUnowned slots that no node owns
 * @param slotsUnclaimed slots whose put-lease no node holds
 */
public record ClusterStatus(
    String cluster,
    String leader,
    int slotsVersion,
    List<Node> nodes,
    int slotsUnowned,
    int slotsUnclaimed) {

  /**
   * One node.
   *
   * @param live whether it is registered
   * @param incarnation in hexadecimal; empty if it is not live
   * @param slots how many slots the table gives it
   * @param claimed how many put-leases it held by its last heartbeat
   */
  public record Node(
      String nodeId,
      boolean live,
      String incarnation,
      String address,
      int httpPort,
      String zone,
      long capacityBytes,
      String version,
      int slots,
      int claimed) {

    static Node live(NodeRecord record, int slots, int claimed) {
      return new Node(
          record.nodeId(),
          true,
          Long.toHexString(record.incarnation()),
          record.address(),
          record.httpPort(),
          record.zone(),
          record.capacityBytes(),
          record.version(),
          slots,
          claimed);
    }

    static Node gone(String nodeId, int slots) {
      return new Node(nodeId, false, "", "", 0, "", 0, "", slots, 0);
    }
  }

  /** Copies the list. */
  public ClusterStatus {
    nodes = List.copyOf(nodes);
  }

  /** Whether there is no problem. */
  public boolean healthy() {
    return problems().isEmpty();
  }

  /** The problems with their remedies, a sentence each. */
  public List<String> problems() {
    List<String> problems = new ArrayList<>();
    if (leader.isEmpty()) {
      problems.add("no coordinator leads: start one, or no slot changes its owner");
    }
    if (nodes.stream().noneMatch(Node::live)) {
      problems.add("no node is registered: start one");
    }
    for (Node node : nodes) {
      if (!node.live()) {
        problems.add(
            "node %s is gone and still owns %d slots: start it, or wait until they are reassigned"
                .formatted(node.nodeId(), node.slots()));
      }
    }
    if (slotsUnowned > 0) {
      problems.add(
          "%d slots have no owner: a coordinator gives them one within seconds"
              .formatted(slotsUnowned));
    }
    if (slotsUnclaimed > slotsUnowned) {
      problems.add(
          "%d slots have an owner that does not hold their put-leases (yet): puts get TRYAGAIN"
              .formatted(slotsUnclaimed - slotsUnowned));
    }
    return problems;
  }
}
