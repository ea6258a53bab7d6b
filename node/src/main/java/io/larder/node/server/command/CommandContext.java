package io.larder.node.server.command;

import io.larder.node.service.BlockService;
import java.util.List;

/** The node and the server as commands see them. Thread-safe. */
public interface CommandContext {
  /** The cluster's blocks. */
  BlockService service();

  CommandSettings settings();

  CommandTable commands();

  /** The sessions of all open connections. */
  List<Session> sessions();

  ServerFigures figures();

  Failures failures();

  /** Counts a connection or request that was turned away. */
  void reject(Rejection reason);
}
