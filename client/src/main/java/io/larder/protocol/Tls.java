package io.larder.protocol;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * The TLS of the connecting side: trusted authorities and its own certificate. The server's
 * certificate must be valid for the host name of the connection. Files are read once, at creation.
 * Immutable, thread-safe.
 */
public final class Tls {
  private final SslContext context;

  private Tls(SslContext context) {
    this.context = context;
  }

  /** Trusts this JVM's authorities and presents no certificate. */
  public static Tls ofSystem() throws IOException {
    return of(null, null, null);
  }

  /**
   * Trusts the authorities of a PEM file and presents no certificate.
   *
   * @throws IOException if the file cannot be read or holds no certificate
   */
  public static Tls trusting(Path authorities) throws IOException {
    return of(authorities, null, null);
  }

  /**
   * Trusts these authorities and presents this certificate.
   *
   * @param authorities certificates to trust, PEM; null for this JVM's authorities
   * @param certificate the chain to present, PEM; null to present none
   * @param key the chain's private key, PEM (PKCS#8), without a passphrase; null without a chain
   * @throws IOException if a file cannot be read or has other content
   */
  public static Tls of(@Nullable Path authorities, @Nullable Path certificate, @Nullable Path key)
      throws IOException {
    if ((certificate == null) != (key == null)) {
      throw new IOException("a TLS certificate and its key go together: give both or neither");
    }
    try {
      SslContextBuilder builder = SslContextBuilder.forClient().sslProvider(SslProvider.JDK);
      if (authorities != null) {
        builder.trustManager(authorities.toFile());
      }
      if (certificate != null && key != null) {
        builder.keyManager(certificate.toFile(), key.toFile());
      }
      return new Tls(builder.build());
    } catch (IllegalArgumentException e) {
      throw unreadable(e, authorities, certificate, key);
    }
  }

  /** The error for a file with wrong content; client and server share it. */
  public static IOException unreadable(Exception cause, @Nullable Path... files) {
    StringBuilder names = new StringBuilder();
    for (Path file : files) {
      if (file != null) {
        names.append(names.isEmpty() ? "" : ", ").append(file);
      }
    }
    String why = cause.getCause() == null ? cause.getMessage() : cause.getCause().getMessage();
    return new IOException(
        "TLS cannot be set up from " + names + ": " + why + "; give PEM files, the key as PKCS#8",
        cause);
  }

  /**
   * Starts TLS on a blocking socket.
   *
   * @param connected to the host and port; the returned socket closes it
   * @throws IOException if the other side does not speak TLS, or its certificate is not trusted
   */
  public Socket over(Socket connected, String host, int port) throws IOException {
    SSLSocket socket =
        (SSLSocket)
            ((JdkSslContext) context)
                .context()
                .getSocketFactory()
                .createSocket(connected, host, port, true);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    socket.setSSLParameters(parameters);
    socket.startHandshake();
    return socket;
  }

  SslHandler handler(ByteBufAllocator allocator, String host, int port) {
    return context.newHandler(allocator, host, port);
  }
}
