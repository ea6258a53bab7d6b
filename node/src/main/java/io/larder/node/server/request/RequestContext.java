package io.larder.node.server.request;

import io.larder.node.server.command.CommandContext;
import io.larder.node.server.wire.MinimumRate;
import io.larder.node.server.wire.PayloadBufs;
import java.util.concurrent.Semaphore;

/** The node and the server as arriving requests see them. Thread-safe. */
public interface RequestContext extends CommandContext {
  /** The places for requests with many small arguments, in all connections. */
  Semaphore heavyRequests();

  PayloadBufs payloadBufs();

  /** How long a put may wait for memory. */
  long memoryWaitMs();

  /** The rate at which a payload must arrive. */
  MinimumRate minimumRate();
}
