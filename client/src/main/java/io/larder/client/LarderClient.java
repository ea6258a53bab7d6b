package io.larder.client;

import io.larder.protocol.ConnectionOptions;
import io.larder.protocol.Tls;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A client of a Larder cluster, for an inference server: one instance a process, shared by all
 * threads, closed at the end.
 *
 * <pre>{@code
 * try (LarderClient larder = LarderClient.builder().localNode("127.0.0.1:7401").build()) {
 *   PutOutcome outcome = larder.blocking().put(key, bytes, PutOptions.NONE);
 *   try (CachedBlock block = larder.blocking().get(key).orElseThrow()) {
 *     use(block.data());
 *   }
 * }
 * }</pre>
 *
 * <p>Every call goes to the local node, or to another if that one is dead or slow: any node answers
 * for the whole cluster. Every call has a deadline; requests and bytes in flight are bounded.
 * Building a client does not connect: while the cluster is down, reads return misses and puts fail
 * with {@link LarderException}. Thread-safe.
 */
public final class LarderClient implements AutoCloseable {
  private static final int WAITS_AT_ONCE = 8;

  private final EventLoopGroup group;
  private final List<Lane> lanes;
  private final BlockReader reader;
  private final BlockWriter writer;
  private final PutOrWait putOrWait;
  private final long leaseMs;

  private LarderClient(ClientOptions options) {
    group = newGroup(options.ioThreads());
    EventExecutor timer = group.next();
    ConnectionOptions connection = options.connection();
    Lane readLane = new Lane(group, connection, "reader", options.connectionsPerRole());
    Lane writeLane = new Lane(group, connection, "writer", options.connectionsPerRole());
    Lane waitLane = new Lane(group, connection, "waiter", WAITS_AT_ONCE);
    lanes = List.of(readLane, writeLane, waitLane);
    ClientMetrics metrics = new ClientMetrics(options.registry());
    Nodes nodes = new Nodes(options, lanes);
    InFlightLimit requests = new InFlightLimit("requests", options.maxInFlightRequests(), timer);
    InFlightLimit bytes = new InFlightLimit("bytes", options.maxInFlightBytes(), timer);
    InFlightLimit waits = new InFlightLimit("waits", WAITS_AT_ONCE, timer);
    metrics.gauge("larder.client.inflight.requests", requests::used);
    metrics.gauge("larder.client.inflight.bytes", bytes::used);
    long attemptMs = options.attemptTimeoutMs();
    Calls calls = new Calls(nodes, requests, bytes, timer, metrics, attemptMs);
    BufferPool pool = new BufferPool(options.maxInFlightBytes());
    reader = new BlockReader(readLane, calls, bytes, pool, metrics, options.callTimeoutMs());
    leaseMs = options.leaseMs();
    writer = new BlockWriter(writeLane, calls, metrics, options.callTimeoutMs(), leaseMs);
    putOrWait =
        new PutOrWait(
            reader,
            writer,
            new Calls(nodes, waits, bytes, timer, metrics, attemptMs),
            waitLane,
            options);
    nodes.refreshEvery(options.topologyRefreshMs(), group);
  }

  private static EventLoopGroup newGroup(int threads) {
    IoHandlerFactory transport =
        Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    return new MultiThreadIoEventLoopGroup(
        threads, new DefaultThreadFactory("larder-client", true), transport);
  }

  public static Builder builder() {
    return new Builder();
  }

  /** The reader: get, contains, longest prefix, locate. */
  public BlockReader reader() {
    return reader;
  }

  /** The writer: lease, put, abort, pin, delete. */
  public BlockWriter writer() {
    return writer;
  }

  /** The same calls for threads that may block. */
  public BlockingLarder blocking() {
    return new BlockingLarder(this);
  }

  /**
   * Obtains the key's block: reads it if it exists, waits for it if another server is writing it,
   * else computes and puts it. Only one server of the cluster computes, as long as writers are
   * alive and nodes answer; if the wait times out or no node answers, this one computes too.
   *
   * @param compute called at most once, on the builder's compute executor, and may block; its
   *     exception fails the future and frees the key for the next waiter
   * @return the block and its origin; fails only if computing fails
   */
  public CompletableFuture<ObtainedBlock> putOrWait(
      byte[] key, Function<byte[], ComputedBlock> compute) {
    return putOrWaitAll(List.of(key), compute).get(0);
  }

  /**
   * Like {@link #putOrWait} for many keys at once: requests all leases in one round trip, computes
   * and puts the granted keys, and only then waits for the keys of other writers.
   *
   * @param compute called at most once for each key, possibly for several at the same time
   * @return a future for each key, in order
   */
  public List<CompletableFuture<ObtainedBlock>> putOrWaitAll(
      List<byte[]> keys, Function<byte[], ComputedBlock> compute) {
    return putOrWait.obtain(keys, compute, leaseMs);
  }

  /** Closes every connection; reads in flight return misses, other calls in flight fail. */
  @Override
  public void close() {
    lanes.forEach(Lane::close);
    group.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(3, TimeUnit.SECONDS);
  }

  /** Builds a client; every setting except the nodes has a default. */
  public static final class Builder {
    public static final Duration DEFAULT_CALL_TIMEOUT = Duration.ofSeconds(5);
    public static final Duration DEFAULT_ATTEMPT_TIMEOUT = Duration.ofSeconds(2);
    public static final Duration DEFAULT_LEASE_TIME = Duration.ofSeconds(30);
    public static final int DEFAULT_CONNECTIONS = 2;
    public static final int DEFAULT_MAX_IN_FLIGHT_REQUESTS = 1_024;
    public static final long DEFAULT_MAX_IN_FLIGHT_BYTES = 512L << 20;

    private @Nullable String localNode;
    private final Set<String> nodes = new LinkedHashSet<>();
    private ConnectionOptions connection = ConnectionOptions.DEFAULTS;
    private int connections = DEFAULT_CONNECTIONS;
    private int ioThreads = 1;
    private Duration callTimeout = DEFAULT_CALL_TIMEOUT;
    private Duration attemptTimeout = DEFAULT_ATTEMPT_TIMEOUT;
    private int maxInFlightRequests = DEFAULT_MAX_IN_FLIGHT_REQUESTS;
    private long maxInFlightBytes = DEFAULT_MAX_IN_FLIGHT_BYTES;
    private Duration leaseTime = DEFAULT_LEASE_TIME;
    private Executor computeExecutor = ForkJoinPool.commonPool();
    private MeterRegistry registry = new CompositeMeterRegistry();

    private Builder() {}

    /** The node on this machine, {@code host:port}; preferred as long as it answers. */
    public Builder localNode(String address) {
      localNode = checked(address);
      return this;
    }

    /** Nodes to start from, each {@code host:port}; the client learns the others from them. */
    public Builder nodes(List<String> addresses) {
      addresses.forEach(address -> nodes.add(checked(address)));
      return this;
    }

    /** The cluster's password; none by default. */
    public Builder password(String password) {
      connection = connection.withPassword(password);
      return this;
    }

    /** Uses TLS with every node; plain connections by default. */
    public Builder tls(Tls tls) {
      connection = connection.withTls(tls);
      return this;
    }

    /**
     * The name under which nodes list this client; {@value ConnectionOptions#DEFAULT_CLIENT_NAME}
     * by default.
     */
    public Builder clientName(String name) {
      connection = connection.withClientName(name);
      return this;
    }

    /** The deadline of connecting to a node; 2 s by default. */
    public Builder connectTimeout(Duration timeout) {
      connection = connection.withConnectTimeoutMs((int) positive("connectTimeout", timeout));
      return this;
    }

    /** The deadline of a whole call, all attempts together; 5 s by default. */
    public Builder callTimeout(Duration timeout) {
      positive("callTimeout", timeout);
      callTimeout = timeout;
      return this;
    }

    /** The deadline of one attempt, after which the next node is tried; 2 s by default. */
    public Builder attemptTimeout(Duration timeout) {
      positive("attemptTimeout", timeout);
      attemptTimeout = timeout;
      return this;
    }

    /** The most connections of each role to each node, made on demand; 2 by default. */
    public Builder connections(int perRole) {
      connections = (int) positive("connections", perRole);
      return this;
    }

    /** Threads for network I/O and checksums; 1 by default, enough for several GB/s. */
    public Builder ioThreads(int threads) {
      ioThreads = (int) positive("ioThreads", threads);
      return this;
    }

    /** The most requests in flight; further ones wait in order. 1024 by default. */
    public Builder maxInFlightRequests(int requests) {
      maxInFlightRequests = (int) positive("maxInFlightRequests", requests);
      return this;
    }

    /**
     * The most bytes of blocks in flight, and as many in buffers kept for reuse; 512 MiB by
     * default. Blocks handed to the caller do not count.
     */
    public Builder maxInFlightBytes(long bytes) {
      maxInFlightBytes = positive("maxInFlightBytes", bytes);
      return this;
    }

    /**
     * The duration of a lease: the longest that a computation may take and that others wait for it;
     * 30 s by default, 300 s at most.
     */
    public Builder leaseTime(Duration time) {
      if (positive("leaseTime", time) > 300_000) {
        throw new IllegalArgumentException("leaseTime is " + time + ": give at most 300 s");
      }
      leaseTime = time;
      return this;
    }

    /**
     * The executor of {@link LarderClient#putOrWait}'s computations; the common pool by default.
     */
    public Builder computeExecutor(Executor executor) {
      computeExecutor = executor;
      return this;
    }

    /** The registry of the client's meters, {@code larder.client.*}; none by default. */
    public Builder meterRegistry(MeterRegistry to) {
      registry = to;
      return this;
    }

    /**
     * Builds the client.
     *
     * @throws IllegalArgumentException if no node is named
     */
    public LarderClient build() {
      Set<String> inOrder = new LinkedHashSet<>();
      if (localNode != null) {
        inOrder.add(localNode);
      }
      inOrder.addAll(nodes);
      if (inOrder.isEmpty()) {
        throw new IllegalArgumentException("no node is named: give localNode, nodes or both");
      }
      return new LarderClient(
          new ClientOptions(
              List.copyOf(inOrder),
              connection.withMaxPending(maxInFlightRequests + 64),
              connections,
              ioThreads,
              callTimeout.toMillis(),
              attemptTimeout.toMillis(),
              maxInFlightRequests,
              maxInFlightBytes,
              leaseTime.toMillis(),
              TimeUnit.SECONDS.toMillis(30),
              computeExecutor,
              registry));
    }

    private static String checked(String address) {
      int colon = address.lastIndexOf(':');
      if (colon > 0 && address.substring(colon + 1).matches("\\d{1,5}")) {
        int port = Integer.parseInt(address.substring(colon + 1));
        if (port > 0 && port < 65536) {
          return address;
        }
      }
      throw new IllegalArgumentException(
          "'" + address + "' is not the address of a node: give host:port");
    }

    private static long positive(String name, Duration value) {
      return positive(name, value.toMillis());
    }

    private static long positive(String name, long value) {
      if (value < 1) {
        throw new IllegalArgumentException(name + " is " + value + ": give at least 1");
      }
      return value;
    }
  }
}
