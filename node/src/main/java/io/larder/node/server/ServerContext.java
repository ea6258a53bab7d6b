package io.larder.node.server;

import io.larder.node.server.command.CommandSettings;
import io.larder.node.server.command.CommandTable;
import io.larder.node.server.command.Commands;
import io.larder.node.server.command.Failures;
import io.larder.node.server.command.Rejection;
import io.larder.node.server.command.ServerFigures;
import io.larder.node.server.command.Session;
import io.larder.node.server.command.TransactionBudget;
import io.larder.node.server.request.RequestContext;
import io.larder.node.server.wire.MinimumRate;
import io.larder.node.server.wire.PayloadBufs;
import io.larder.node.server.wire.ReplyBuffers;
import io.larder.node.service.BlockService;
import io.larder.node.service.ClientId;
import java.net.SocketAddress;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;

/** What all connections of a server share. Thread-safe. */
final class ServerContext implements RequestContext {
  /** Requests whose small arguments may take more than 64 KiB at a time, in all connections. */
  private static final int HEAVY_REQUESTS = 64;

  private final ServerConfig config;
  private final CommandSettings settings;
  private final BlockService service;
  private final Commands commands;
  private final ServerMetrics metrics;
  private final Failures failures = new Failures();
  private final PayloadBufs payloadBufs;
  private final ReplyBuffers replyBuffers = new ReplyBuffers();
  private final TransactionBudget transactionBudget;
  private final long startedNanos = System.nanoTime();
  private final AtomicLong lastClient = new AtomicLong();

  /** The open connections: how each is stopped. */
  private final Map<Session, Runnable> connections = new ConcurrentHashMap<>();

  private volatile int port;
  private final Semaphore heavyRequests = new Semaphore(HEAVY_REQUESTS);

  ServerContext(
      ServerConfig config, BlockService service, Commands commands, ServerMetrics metrics) {
    this.config = config;
    this.settings =
        new CommandSettings(
            config.password(),
            config.maxConnections(),
            config.answersPlainSessions(),
            config.waits().setMs(),
            config.waits().plainSetMs());
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

  Commands handlers() {
    return commands;
  }

  ServerMetrics metrics() {
    return metrics;
  }

  ReplyBuffers replyBuffers() {
    return replyBuffers;
  }

  /** A session for a connection that has been accepted. */
  Session newSession(SocketAddress remote, SocketAddress local) {
    return new Session(
        new ClientId(lastClient.incrementAndGet()),
        remote,
        local,
        config.password() == null,
        transactionBudget);
  }

  /** Adds a connection; {@code stop} finishes what is in progress on it, then closes it. */
  void opened(Session session, Runnable stop) {
    connections.put(session, stop);
  }

  void closed(Session session) {
    connections.remove(session);
  }

  boolean hasConnections() {
    return !connections.isEmpty();
  }

  void stopConnections() {
    connections.values().forEach(Runnable::run);
  }

  void boundTo(int port) {
    this.port = port;
  }

  @Override
  public BlockService service() {
    return service;
  }

  @Override
  public CommandSettings settings() {
    return settings;
  }

  @Override
  public CommandTable commands() {
    return commands.table();
  }

  @Override
  public List<Session> sessions() {
    return connections.keySet().stream()
        .sorted(Comparator.comparingLong(session -> session.id().number()))
        .toList();
  }

  @Override
  public ServerFigures figures() {
    return metrics.figures(port, (System.nanoTime() - startedNanos) / 1_000_000_000);
  }

  @Override
  public Failures failures() {
    return failures;
  }

  @Override
  public void reject(Rejection reason) {
    metrics.reject(reason);
  }

  @Override
  public Semaphore heavyRequests() {
    return heavyRequests;
  }

  @Override
  public PayloadBufs payloadBufs() {
    return payloadBufs;
  }

  @Override
  public long memoryWaitMs() {
    return config.waits().memoryMs();
  }

  @Override
  public MinimumRate minimumRate() {
    return config.patience().minimumRate();
  }
}
