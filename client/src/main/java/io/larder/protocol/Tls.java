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
 * How the connecting side uses TLS: whom it trusts and who it says it is. The server's certificate
 * must be valid for the host that was asked for. Files are read once, when this is made. Immutable,
 * thread-safe.
 */
public final class Tls {
  private final SslContext context;

  private Tls(SslContext context) {
    this.context = context;
  }

  /** Trusts what this JVM trusts and shows no certificate. */
  public static Tls ofSystem() throws IOException {
    return of(null, null, null);
  }

  /**
   * Trusts the authorities of a PEM file and shows no certificate.
   *
   * @throws IOException if the file cannot be read or holds no certificate
   */
  public static Tls trusting(Path authorities) throws IOException {
    return of(authorities, null, null);
  }

  /**
   * With every choice.
   *
   * @param authorities certificates to trust, PEM; null for what this JVM trusts
   * @param certificate the chain to show, PEM; null to show none
   * @param key the chain's private key, PEM (PKCS#8), without a passphrase; null without a chain
   * @throws IOException if a file cannot be read or holds something else
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

  /** The same words for a file that is not what it should be, on both sides. */
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
   * A blocking socket's TLS.
   *
   * @param connected to the host and port; closed with what is returned
   * @throws IOException if the other side does not speak TLS, or is not who it should be
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
