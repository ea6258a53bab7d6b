package io.larder.coordinator.registry;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * What a node writes to {@code /heartbeats/<node-id>}: {@code {"incarnation":4294967312,
 * "claimed":5461}}. The proof of contact is the write, not its content, which serves {@code larder
 * status}.
 *
 * @param incarnation the session that wrote it; 0 in the write that begins a session
 * @param claimed how many put-leases it holds
 */
public record Heartbeat(long incarnation, int claimed) {
  private static final JsonMapper JSON =
      JsonMapper.builder().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

  /** As stored in ZooKeeper. */
  public byte[] encode() {
    return ("{\"incarnation\":" + incarnation + ",\"claimed\":" + claimed + "}")
        .getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Reads {@link #encode()}'s form.
   *
   * @throws IllegalArgumentException if it is not of that form
   */
  public static Heartbeat decode(byte[] json) {
    try {
      return JSON.readValue(json, Heartbeat.class);
    } catch (IOException e) {
      throw new IllegalArgumentException("not a heartbeat: " + e.getMessage(), e);
    }
  }
}
