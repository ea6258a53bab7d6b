package io.larder.coordinator.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.larder.coordinator.registry.SlotTable.SlotRange;
import io.larder.protocol.Slots;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of {@code /slots}: JSON, each owner's slots as ranges, so that an operator can read it.
 *
 * <pre>
 * {"format":1,"owners":{"node-a":"0-5460","node-b":"5461-10922,16383","node-c":"10923-16382"}}
 * </pre>
 *
 * <p>{@code "draining":{"node-b":0,"node-c":4294967312}}, left out if there are none, names the
 * nodes to empty: 0 = until an operator undrains the node, else until the node is present in
 * another incarnation than this. A slot in no range has no owner. Ranges are ascending; a slot
 * named twice, or a format other than 1, is refused.
 */
public final class SlotTableFormat {
  private static final int FORMAT = 1;
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private SlotTableFormat() {}

  /** The bytes of a table; the version is the znode's own and not part of them. */
  public static byte[] encode(SlotTable table) {
    Map<String, StringBuilder> texts = new TreeMap<>();
    for (SlotRange range : table.ranges()) {
      StringBuilder text = texts.computeIfAbsent(range.nodeId(), _ -> new StringBuilder());
      if (!text.isEmpty()) {
        text.append(',');
      }
      text.append(range.from());
      if (range.to() > range.from()) {
        text.append('-').append(range.to());
      }
    }
    ObjectNode root = JSON.createObjectNode();
    root.put("format", FORMAT);
    ObjectNode owners = root.putObject("owners");
    texts.forEach((nodeId, text) -> owners.put(nodeId, text.toString()));
    if (!table.drains().isEmpty()) {
      ObjectNode draining = root.putObject("draining");
      table.drains().forEach(draining::put);
    }
    try {
      return JSON.writeValueAsBytes(root);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("the slot table cannot be written as JSON", e);
    }
  }

  /**
   * Reads {@link #encode}'s form; no bytes at all are an empty table.
   *
   * @throws IllegalArgumentException if it is not of that form
   */
  public static SlotTable decode(byte @Nullable [] bytes, int version) {
    @Nullable String[] owners = new String[Slots.COUNT];
    if (bytes == null || bytes.length == 0) {
      return SlotTable.of(owners, version);
    }
    JsonNode root;
    try {
      root = JSON.readTree(bytes);
    } catch (IOException e) {
      throw new IllegalArgumentException("the slot table is not JSON: " + e.getMessage(), e);
    }
    if (root.path("format").asInt() != FORMAT) {
      throw new IllegalArgumentException(
          "the slot table has format "
              + root.path("format")
              + ", this software reads "
              + FORMAT
              + ": use a newer version of Larder");
    }
    for (Map.Entry<String, JsonNode> owner : root.path("owners").properties()) {
      for (String range : owner.getValue().asText().split(",", -1)) {
        fill(owners, range, owner.getKey());
      }
    }
    SlotTable table = SlotTable.of(owners, version);
    for (Map.Entry<String, JsonNode> drain : root.path("draining").properties()) {
      table = table.withDrain(drain.getKey(), drain.getValue().asLong());
    }
    return table;
  }

  private static void fill(@Nullable String[] owners, String range, String nodeId) {
    int dash = range.indexOf('-');
    int from;
    int to;
    try {
      from = Integer.parseInt(dash < 0 ? range : range.substring(0, dash));
      to = dash < 0 ? from : Integer.parseInt(range.substring(dash + 1));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "slot table, node " + nodeId + ": '" + range + "' is no slot range", e);
    }
    if (from < 0 || to < from || to >= Slots.COUNT) {
      throw new IllegalArgumentException(
          "slot table, node " + nodeId + ": range '" + range + "' is not within 0-16383");
    }
    for (int slot = from; slot <= to; slot++) {
      if (owners[slot] != null) {
        throw new IllegalArgumentException(
            "slot table: slot " + slot + " belongs to both " + owners[slot] + " and " + nodeId);
      }
      owners[slot] = nodeId;
    }
  }
}
