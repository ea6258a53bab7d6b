package io.larder.node;

import io.larder.node.config.NodeConfig;
import io.larder.protocol.Tls;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A node's two ends of TLS: it serves with its certificate and shows the same one to its peers. */
final class NodeTls {
  private NodeTls() {}

  /** How the RESP port is served; null for plain connections. */
  static @Nullable SslContext ofServer(NodeConfig.Tls tls) throws IOException {
    if (!tls.isOn()) {
      return null;
    }
    Path certificate = Path.of(tls.certificate());
    Path key = Path.of(tls.key());
    Path authorities = authorities(tls);
    try {
      SslContextBuilder builder =
          SslContextBuilder.forServer(certificate.toFile(), key.toFile())
              .sslProvider(SslProvider.JDK)
              .clientAuth(tls.requireClientCertificate() ? ClientAuth.REQUIRE : ClientAuth.NONE);
      if (authorities != null) {
        builder.trustManager(authorities.toFile());
      }
      return builder.build();
    } catch (IllegalArgumentException e) {
      throw Tls.unreadable(e, certificate, key, authorities);
    }
  }

  /** How peers are connected to; null for plain connections. */
  static @Nullable Tls ofPeers(NodeConfig.Tls tls) throws IOException {
    return tls.isOn()
        ? Tls.of(authorities(tls), Path.of(tls.certificate()), Path.of(tls.key()))
        : null;
  }

  private static @Nullable Path authorities(NodeConfig.Tls tls) {
    return tls.authorities().isEmpty() ? null : Path.of(tls.authorities());
  }
}
