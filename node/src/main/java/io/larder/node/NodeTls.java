package io.larder.node;

import io.larder.node.config.NodeConfig;
import io.larder.node.server.ServerTls;
import io.larder.protocol.Tls;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A node's TLS: it serves with its certificate and shows the same one to its peers. */
public final class NodeTls {
  private NodeTls() {}

  /** TLS of the RESP port; null for plain connections. */
  static @Nullable ServerTls ofServer(NodeConfig.Tls tls) throws IOException {
    return tls.isOn()
        ? ServerTls.of(
            Path.of(tls.certificate()),
            Path.of(tls.key()),
            authorities(tls),
            tls.requireClientCertificate())
        : null;
  }

  /** TLS of the connections to peers; null for plain ones. */
  public static @Nullable Tls ofPeers(NodeConfig.Tls tls) throws IOException {
    return tls.isOn()
        ? Tls.of(authorities(tls), Path.of(tls.certificate()), Path.of(tls.key()))
        : null;
  }

  private static @Nullable Path authorities(NodeConfig.Tls tls) {
    return tls.authorities().isEmpty() ? null : Path.of(tls.authorities());
  }
}
