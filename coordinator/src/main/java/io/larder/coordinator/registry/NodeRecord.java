package io.larder.coordinator.registry;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * A node's registration in {@code /nodes/<node-id>-<incarnation>}: a JSON object with these
 * components as keys. Unknown keys are ignored, so that a newer node can say more.
 *
 * @param nodeId the node's id, stored in the device's superblock, so identity follows the device
 * @param incarnation the node's ZooKeeper session: the zxid of its first heartbeat, so a later
 *     session always has the higher one. 0 before registration
 * @param host the address announced to clients and peers
 * @param port RESP port
 * @param httpPort port of metrics and health; 0 = none
 * @param zone failure domain; empty = unknown
 * @param capacityBytes the capacity of the device; slots are spread in proportion to it
 * @param version version of the software
 * @param deviceUuid the device's identity; empty = no device
 */
@JsonInclude(JsonInclude.Include.ALWAYS)
public record NodeRecord(
    String nodeId,
    long incarnation,
    String host,
    int port,
    int httpPort,
    String zone,
    long capacityBytes,
    String version,
    String deviceUuid) {

  private static final Pattern NODE_ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
  private static final JsonMapper JSON =
      JsonMapper.builder().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

  /**
   * @throws IllegalArgumentException if the node id is not valid in a path, or the port or the
   *     capacity is out of range
   */
  public NodeRecord {
    Objects.requireNonNull(host, "host");
    zone = Objects.requireNonNullElse(zone, "");
    version = Objects.requireNonNullElse(version, "");
    deviceUuid = Objects.requireNonNullElse(deviceUuid, "");
    if (nodeId == null || !NODE_ID.matcher(nodeId).matches()) {
      throw new IllegalArgumentException(
          "node id '" + nodeId + "': expected 1 to 64 letters, digits, '.', '_' or '-'");
    }
    if (port < 1 || port > 65_535) {
      throw new IllegalArgumentException("node " + nodeId + ": port " + port + " is none");
    }
    if (capacityBytes < 0) {
      throw new IllegalArgumentException(
          "node " + nodeId + ": capacityBytes " + capacityBytes + " is negative");
    }
  }

  /** The same node in another session. */
  public NodeRecord withIncarnation(long newIncarnation) {
    return new NodeRecord(
        nodeId, newIncarnation, host, port, httpPort, zone, capacityBytes, version, deviceUuid);
  }

  /** {@code host:port} of the RESP port. */
  @JsonIgnore
  public String address() {
    return host + ":" + port;
  }

  /** As stored in ZooKeeper. */
  public byte[] encode() {
    try {
      return JSON.writeValueAsBytes(this);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("node " + nodeId + " cannot be written as JSON", e);
    }
  }

  /**
   * Reads {@link #encode()}'s form.
   *
   * @throws IllegalArgumentException if it is not of that form
   */
  public static NodeRecord decode(byte[] json) {
    try {
      return JSON.readValue(json, NodeRecord.class);
    } catch (IOException e) {
      throw new IllegalArgumentException("not a node record: " + e.getMessage(), e);
    }
  }
}
