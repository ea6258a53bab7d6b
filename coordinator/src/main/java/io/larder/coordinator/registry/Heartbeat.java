package io.larder.coordinator.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * A node's heartbeat in {@code /heartbeats/<node-id>}: {@code {"incarnation":4294967312,
 * "claimed":5461,"records":120}}. The proof of contact is the write, not its content, which serves
 * {@code larder status} and tells the coordinator whether the cluster holds anything. It outlives
 * the node's session.
 *
 * @param incarnation the session that wrote it; 0 in the write that begins a session
 * @param claimed how many put-leases it holds
 * @param records how many records it holds; {@link #UNKNOWN} if it does not report them
 */
public record Heartbeat(long incarnation, int claimed, long records) {
  /** The number of records of a version that does not count them. */
  public static final long UNKNOWN = -1;

  private static final JsonMapper JSON = JsonMapper.builder().build();

  /** As stored in ZooKeeper. */
  public byte[] encode() {
    return "{\"incarnation\":%d,\"claimed\":%d,\"records\":%d}"
        .formatted(incarnation, claimed, records)
        .getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Reads {@link #encode}'s form.
   *
   * @throws IllegalArgumentException if it is not of that form
   */
  public static Heartbeat decode(byte[] json) {
    JsonNode root;
    try {
      root = JSON.readTree(json);
    } catch (IOException e) {
      throw new IllegalArgumentException("not a heartbeat: " + e.getMessage(), e);
    }
    if (!root.path("incarnation").isIntegralNumber() || !root.path("claimed").isInt()) {
      throw new IllegalArgumentException("not a heartbeat: " + root);
    }
    return new Heartbeat(
        root.path("incarnation").asLong(),
        root.path("claimed").asInt(),
        root.path("records").asLong(UNKNOWN));
  }
}
