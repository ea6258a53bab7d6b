package io.larder.client;

import io.larder.protocol.ConnectionOptions;
import io.netty.channel.EventLoopGroup;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** One role's connections, to every node. Thread-safe. */
final class Lane {
  private final EventLoopGroup group;
  private final ConnectionOptions options;
  private final int connectionsPerNode;
  private final ConcurrentHashMap<String, NodeLink> links = new ConcurrentHashMap<>();
  private volatile boolean closed;

  Lane(EventLoopGroup group, ConnectionOptions options, String role, int connectionsPerNode) {
    this.group = group;
    this.options = options.withClientName(options.clientName() + "-" + role);
    this.connectionsPerNode = connectionsPerNode;
  }

  NodeLink link(String address) {
    NodeLink link =
        links.computeIfAbsent(
            address, made -> new NodeLink(made, group, options, connectionsPerNode));
    if (closed) {
      link.close();
    }
    return link;
  }

  /** Closes the links to nodes that are gone. */
  void retainOnly(Collection<String> addresses) {
    for (String address : Set.copyOf(links.keySet())) {
      if (!addresses.contains(address)) {
        NodeLink gone = links.remove(address);
        if (gone != null) {
          gone.close();
        }
      }
    }
  }

  void close() {
    closed = true;
    links.values().forEach(NodeLink::close);
  }
}
