package io.larder.node.service;

import java.util.List;

/**
 * The cluster as one node sees it, for the CLUSTER commands. Immutable.
 *
 * @param cluster its name
 * @param myId this node
 * @param version of the slot table; grows with every change
 * @param members the live nodes, this one among them
 * @param ranges the slots and their owners, ascending, without overlap; slots without an owner are
 *     left out
 */
public record ClusterView(
    String cluster, String myId, long version, List<Member> members, List<SlotRange> ranges) {

  /**
   * A live node.
   *
   * @param nodeId any text without spaces
   * @param host the address that clients connect to
   * @param port its RESP port
   */
  public record Member(String nodeId, String host, int port) {}

  /**
   * Slots of one owner.
   *
   * @param first 0 to 16383
   * @param last included, not below {@code first}
   * @param nodeId the owner; it need not be live
   */
  public record SlotRange(int first, int last, String nodeId) {}

  public ClusterView {
    members = List.copyOf(members);
    ranges = List.copyOf(ranges);
  }
}
