package io.larder.node.server;

import io.larder.node.server.wire.PayloadBufs;
import io.larder.node.service.BlockService;
import io.larder.node.service.ClientId;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;

/** What all connections of a server share. Thread-safe. */
final class ServerContext {
  /** Requests whose small arguments may take more than 64 KiB at a time, in all connections. */
  private static final int HEAVY_REQUESTS = 64;

  private final ServerConfig config;
  private final BlockService service;
  private final CommandTable commands;
  private final ServerMetrics metrics;
  private final PayloadBufs payloadBufs;
  private final TransactionBudget transactionBudget;
  private final long startedNanos = System.nanoTime();
  private final AtomicLong lastClient = new AtomicLong();
  private final Map<Long, Connection> connections = new ConcurrentHashMap<>();
  private volatile int port;
  private final Semaphore heavyRequests = new Semaphore(HEAVY_REQUESTS);

  ServerContext(
      ServerConfig config, BlockService service, CommandTable commands, ServerMetrics metrics) {
    this.config = config;
    this.service = service;
    this.commands = commands;
    this.metrics = metrics;
    this.payloadBufs = new PayloadBufs(service.pool().capacityBytes());
    this.transactionBudget =
        new TransactionBudget(service.pool().capacityBytes(), Runtime.getRuntime().maxMemory());
  }

  ServerConfig config() {
    return config;
  }

  BlockService service() {
    return service;
  }

  CommandTable commands() {
    return commands;
  }

  ServerMetrics metrics() {
    return metrics;
  }

  PayloadBufs payloadBufs() {
    return payloadBufs;
  }

  TransactionBudget transactionBudget() {
    return transactionBudget;
  }

  Map<Long, Connection> connections() {
    return connections;
  }

  Semaphore heavyRequests() {
    return heavyRequests;
  }

  void boundTo(int port) {
    this.port = port;
  }

  /** The port that is bound. */
  int port() {
    return port;
  }

  long upSeconds() {
    return (System.nanoTime() - startedNanos) / 1_000_000_000;
  }

  ClientId nextClient() {
    return new ClientId(lastClient.incrementAndGet());
  }
}
