package io.larder.client;

import io.larder.protocol.ConnectionOptions;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.concurrent.Executor;

/**
 * The checked settings of a {@link LarderClient.Builder}.
 *
 * @param nodes {@code host:port}, in order of preference, the local node first
 */
record ClientOptions(
    List<String> nodes,
    ConnectionOptions connection,
    int connectionsPerRole,
    int ioThreads,
    long callTimeoutMs,
    long attemptTimeoutMs,
    int maxInFlightRequests,
    long maxInFlightBytes,
    long leaseMs,
    long topologyRefreshMs,
    Executor computeExecutor,
    MeterRegistry registry) {}
