package io.larder.testkit.local;

import io.larder.node.store.DeviceIdentity;
import io.larder.node.store.DeviceInspection;
import io.larder.node.store.FormatOptions;
import io.larder.node.store.StoreException;
import io.larder.node.store.log.DeviceFormat;
import java.nio.file.Files;
import java.nio.file.Path;

/** Makes a node's device ready: a new file is made and formatted, a known one left as it is. */
final class LocalDevice {
  private LocalDevice() {}

  static void prepare(LocalNode node, LocalClusterOptions options) throws LocalClusterException {
    Path device = node.device();
    boolean given = !options.devices().isEmpty();
    try {
      if (given && options.format()) {
        format(node, 0, true);
      } else if (!given && !Files.exists(device)) {
        format(node, options.deviceBytes(), false);
      } else {
        requireOwn(node);
      }
    } catch (StoreException e) {
      throw new LocalClusterException(String.valueOf(e.getMessage()), e);
    }
  }

  private static void format(LocalNode node, long fileSizeBytes, boolean force) {
    DeviceFormat.format(
        new FormatOptions(
            node.device(), fileSizeBytes, LocalCluster.CLUSTER, node.nodeId(), 0, force));
  }

  /** Checks the owner of a device, since a later refusal would be less clear. */
  private static void requireOwn(LocalNode node) throws LocalClusterException {
    DeviceInspection found = DeviceFormat.inspect(node.device());
    DeviceIdentity identity =
        found
            .identity()
            .orElseThrow(() ->
                new LocalClusterException(
                    "%s holds no Larder device (%s); prepare it with: larder device format --cluster %s --node-id %s %s"
                        .formatted(
                            node.device(),
                            found.content(),
                            LocalCluster.CLUSTER,
                            node.nodeId(),
                            node.device()),
                    null));
    if (!identity.cluster().equals(LocalCluster.CLUSTER)
        || !identity.nodeId().equals(node.nodeId())) {
      throw new LocalClusterException(
          "%s belongs to node %s of cluster %s, not to %s of %s; format it anew with --force if that may be erased"
              .formatted(
                  node.device(),
                  identity.nodeId(),
                  identity.cluster(),
                  node.nodeId(),
                  LocalCluster.CLUSTER),
          null);
    }
  }
}
