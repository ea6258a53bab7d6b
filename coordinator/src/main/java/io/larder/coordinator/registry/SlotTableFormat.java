package io.larder.coordinator.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.larder.coordinator.registry.SlotTable.SlotRange;
import io.larder.protocol.Slots;
import java.io.IOException;
import java.util.BitSet;
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
    Map<String, BitSet> slots = new TreeMap<>();
    for (SlotRange range : table.ranges()) {
      slots.computeIfAbsent(range.nodeId(), _ -> new BitSet()).set(range.from(), range.to() + 1);
    }
    ObjectNode root = JSON.createObjectNode();
    root.put("format", FORMAT);
    ObjectNode owners = root.putObject("owners");
    slots.forEach((nodeId, own) -> owners.put(nodeId, SlotRanges.format(own)));
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
      fill(owners, owner.getKey(), owner.getValue().asText());
    }
    SlotTable table = SlotTable.of(owners, version);
    for (Map.Entry<String, JsonNode> drain : root.path("draining").properties()) {
      table = table.withDrain(drain.getKey(), drain.getValue().asLong());
    }
    return table;
  }

  private static void fill(@Nullable String[] owners, String nodeId, String ranges) {
    try {
      SlotRanges.parse(
          ranges,
          slot -> {
            if (owners[slot] != null) {
              throw new IllegalArgumentException(
                  "slot " + slot + " belongs to both " + owners[slot] + " and " + nodeId);
            }
            owners[slot] = nodeId;
          });
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("slot table, node " + nodeId + ": " + e.getMessage(), e);
    }
  }
}
