package io.larder.testkit.local;

import java.nio.file.Path;

/**
 * The addresses and files of one node of a local cluster. Immutable.
 *
 * @param nodeId its id, which its device carries
 * @param host the loopback address
 * @param port of RESP
 * @param httpPort of metrics, liveness and readiness
 * @param device a file or a block device
 * @param folder of its configuration and log
 */
public record LocalNode(
    String nodeId, String host, int port, int httpPort, Path device, Path folder) {
  /** {@code host:port} of RESP. */
  public String address() {
    return host + ":" + port;
  }

  Path log() {
    return folder.resolve("node.log");
  }

  Path configuration() {
    return folder.resolve("node.yaml");
  }
}
