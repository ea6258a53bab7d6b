package io.larder.node.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.larder.node.block.MemoryPool;
import io.larder.testing.Patience;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.util.Arrays;
import java.util.Random;
import org.awaitility.Awaitility;

/** A server over a {@link MapBlockService}; closing it checks that no payload memory was lost. */
final class ServerHarness implements AutoCloseable {
  static final int MAX_VALUE_BYTES = 80 << 20;

  final MemoryPool pool;
  final MapBlockService service;
  final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  final RespServer server;

  ServerHarness() throws IOException {
    this(config(), 256L << 20);
  }

  ServerHarness(ServerConfig config, long poolBytes) throws IOException {
    pool = new MemoryPool(poolBytes, 0);
    service = new MapBlockService(pool, MAX_VALUE_BYTES);
    server = RespServer.start(config, service, registry);
  }

  static ServerConfig config() {
    return ServerConfig.at("127.0.0.1", 0);
  }

  int port() {
    return server.port();
  }

  Raw connect() throws IOException {
    return new Raw(port());
  }

  double rejections(String reason) {
    return registry.get("larder.rejections").tag("reason", reason).counter().count();
  }

  @Override
  public void close() {
    server.stop(Patience.limitMs());
    service.clear();
    assertThat(pool.waiting()).isZero();
    assertThat(service.openPuts).hasValue(0);
    // A get that was still on its way gives its block back on another thread.
    Awaitility.await().until(() -> pool.usedBytes() == 0);
    pool.close();
  }

  static byte[] randomBytes(int length, long seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  /** A request as an array of bulk strings. */
  static String request(String... words) {
    StringBuilder text = new StringBuilder("*" + words.length + "\r\n");
    for (String word : words) {
      text.append('$').append(word.length()).append("\r\n").append(word).append("\r\n");
    }
    return text.toString();
  }

  /** A socket that says exactly what it is told to; text stands for bytes, as in ISO 8859-1. */
  static final class Raw implements AutoCloseable {
    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;

    Raw(int port) throws IOException {
      socket = new Socket(InetAddress.getLoopbackAddress(), port);
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(Patience.limitMs());
      in = socket.getInputStream();
      out = socket.getOutputStream();
    }

    Raw send(String text) throws IOException {
      return send(text.getBytes(ISO_8859_1));
    }

    Raw send(byte[] bytes) throws IOException {
      out.write(bytes);
      out.flush();
      return this;
    }

    /** Sends a request and expects this reply to the byte. */
    Raw ask(String expected, String... words) throws IOException {
      return send(request(words)).expect(expected);
    }

    Raw expect(String expected) throws IOException {
      String got = new String(in.readNBytes(expected.length()), ISO_8859_1);
      assertThat(got).isEqualTo(expected);
      return this;
    }

    Raw expect(byte[] expected) throws IOException {
      assertThat(Arrays.equals(in.readNBytes(expected.length), expected)).isTrue();
      return this;
    }

    String line() throws IOException {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      for (int b; (b = in.read()) != '\n'; ) {
        if (b < 0) {
          throw new IOException("closed after '" + line + "'");
        }
        line.write(b);
      }
      return line.toString(ISO_8859_1).stripTrailing();
    }

    /** Expects that the server has closed the connection, cleanly and with nothing left to read. */
    void expectEnd() throws IOException {
      assertThat(in.read()).isEqualTo(-1);
    }

    int available() throws IOException {
      return in.available();
    }

    Socket socket() {
      return socket;
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
