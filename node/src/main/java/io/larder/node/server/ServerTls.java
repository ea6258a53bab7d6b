package io.larder.node.server;

import io.larder.protocol.Tls;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** TLS of the RESP port. Its files are read once, when it is made. Immutable, thread-safe. */
public final class ServerTls {
  private final SslContext context;

  private ServerTls(SslContext context) {
    this.context = context;
  }

  /**
   * With a certificate.
   *
   * @param certificate the chain to show, PEM
   * @param key its private key, PEM (PKCS#8), without a passphrase
   * @param authorities whose certificates clients may show, PEM; null for what this JVM trusts
   * @param requireClientCertificate whether clients must show one
   * @throws IOException if a file cannot be read or holds something else
   */
  public static ServerTls of(
      Path certificate, Path key, @Nullable Path authorities, boolean requireClientCertificate)
      throws IOException {
    try {
      SslContextBuilder builder =
          SslContextBuilder.forServer(certificate.toFile(), key.toFile())
              .sslProvider(SslProvider.JDK)
              .clientAuth(requireClientCertificate ? ClientAuth.REQUIRE : ClientAuth.NONE);
      if (authorities != null) {
        builder.trustManager(authorities.toFile());
      }
      return new ServerTls(builder.build());
    } catch (IllegalArgumentException e) {
      throw Tls.unreadable(e, certificate, key, authorities);
    }
  }

  SslHandler handler(ByteBufAllocator allocator) {
    return context.newHandler(allocator);
  }
}
