package io.larder.bench;

import static io.larder.bench.PlainConnection.text;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** A node's answers to {@code INFO} and {@code CLUSTER INFO}, by field. Immutable. */
public final class NodeInfo {
  private static final int DEADLINE_MS = 10_000;

  private final Map<String, String> fields;

  private NodeInfo(Map<String, String> fields) {
    this.fields = fields;
  }

  /**
   * Queries a node.
   *
   * @param address {@code host:port}
   * @throws IOException if it does not answer
   */
  public static NodeInfo of(String address) throws IOException {
    int colon = address.lastIndexOf(':');
    try (PlainConnection node =
        PlainConnection.open(
            address.substring(0, colon),
            Integer.parseInt(address.substring(colon + 1)),
            DEADLINE_MS)) {
      Map<String, String> fields = new HashMap<>();
      add(fields, node.call(text("INFO")).orElse(new byte[0]));
      add(fields, node.call(text("CLUSTER"), text("INFO")).orElse(new byte[0]));
      return new NodeInfo(fields);
    }
  }

  private static void add(Map<String, String> fields, byte[] answer) {
    new String(answer, StandardCharsets.UTF_8)
        .lines()
        .filter(line -> line.indexOf(':') > 0)
        .forEach(line ->
            fields.put(
                line.substring(0, line.indexOf(':')),
                line.substring(line.indexOf(':') + 1).strip()));
  }

  /**
   * Whether it knows a live owner for every slot and owns none that still waits for announcements.
   */
  public boolean isSettled() {
    return field("cluster_state").equals("ok") && number("larder_slots_syncing") == 0;
  }

  /** The node's account. */
  public NodeAccounts.Account account() {
    return new NodeAccounts.Account(
        field("larder_node") + "/" + field("process_id"),
        field("larder_node") + "-" + field("larder_incarnation"),
        number("evicted_keys") + number("larder_damaged_records"));
  }

  /** Puts that it accepted and dropped; 0 from a node that does not count them. */
  public long droppedPuts() {
    return number("puts_dropped");
  }

  private String field(String name) {
    return fields.getOrDefault(name, "");
  }

  private long number(String name) {
    String value = field(name);
    return value.isEmpty() ? 0 : Long.parseLong(value);
  }
}
