package io.larder.coordinator.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code GET /metrics} (Prometheus text), {@code /live} (200 while the process answers) and {@code
 * /ready} (200 or 503, the body says why). Two threads, a bounded queue, bounded times.
 */
public final class OpsServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OpsServer.class);
  private static final int THREADS = 2;
  private static final int QUEUE = 64;
  private static final String TEXT = "text/plain; charset=utf-8";
  private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

  static {
    // Read once by the JDK's server: a slow client must not hold a thread for ever.
    setDefault("sun.net.httpserver.maxReqTime", "10");
    setDefault("sun.net.httpserver.maxRspTime", "30");
    setDefault("jdk.httpserver.maxConnections", "128");
  }

  private final HttpServer server;
  private final ThreadPoolExecutor executor;

  private OpsServer(HttpServer server, ThreadPoolExecutor executor) {
    this.server = server;
    this.executor = executor;
  }

  /**
   * Binds and starts.
   *
   * @param port 0 = any free one, see {@link #port()}
   * @param readiness called at each {@code /ready}; must not block
   * @throws IOException if the address cannot be bound; the message names it
   */
  public static OpsServer start(
      String host, int port, PrometheusMeterRegistry registry, Supplier<Readiness> readiness)
      throws IOException {
    HttpServer server;
    try {
      server = HttpServer.create(new InetSocketAddress(host, port), QUEUE);
    } catch (IOException e) {
      throw new IOException(
          "HTTP address %s:%d cannot be bound: %s; choose another port or stop who uses it"
              .formatted(host, port, e.getMessage()),
          e);
    }
    ThreadPoolExecutor executor =
        new ThreadPoolExecutor(
            THREADS,
            THREADS,
            0,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(QUEUE),
            Thread.ofPlatform().daemon().name("larder-http-", 0).factory());
    server.setExecutor(executor);
    server.createContext("/", exchange -> respond(exchange, registry, readiness));
    server.start();
    return new OpsServer(server, executor);
  }

  private static void respond(
      HttpExchange exchange, PrometheusMeterRegistry registry, Supplier<Readiness> readiness)
      throws IOException {
    try (exchange) {
      if (!exchange.getRequestMethod().equals("GET")) {
        send(exchange, 405, TEXT, "only GET here\n");
        return;
      }
      switch (exchange.getRequestURI().getPath()) {
        case "/metrics" -> send(exchange, 200, PROMETHEUS, registry.scrape());
        case "/live" -> send(exchange, 200, TEXT, "live\n");
        case "/ready" -> {
          Readiness now = readiness.get();
          send(exchange, now.ready() ? 200 : 503, TEXT, now.reason() + "\n");
        }
        default -> send(exchange, 404, TEXT, "here are /metrics, /live and /ready\n");
      }
    } catch (RuntimeException e) {
      LOG.error("{} failed", exchange.getRequestURI(), e);
    }
  }

  private static void send(HttpExchange exchange, int status, String type, String body)
      throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  private static void setDefault(String key, String value) {
    if (System.getProperty(key) == null) {
      System.setProperty(key, value);
    }
  }

  /** The port bound. */
  public int port() {
    return server.getAddress().getPort();
  }

  /** Stops at once. */
  @Override
  public void close() {
    server.stop(0);
    executor.shutdownNow();
  }
}
