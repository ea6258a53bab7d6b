package io.larder.coordinator.controller;

import io.larder.client.NodeConsoles;
import io.larder.coordinator.moves.Usage;
import io.larder.coordinator.registry.NodeRecord;
import io.larder.protocol.Command;
import io.larder.protocol.ConnectionOptions;
import io.larder.protocol.Reply;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** The administration's queries of nodes. Not thread-safe. */
public final class NodeQueries implements AutoCloseable {
  private static final long DEADLINE_MS = 3_000;
  private static final long MOVE_DEADLINE_MS = 60_000;

  /**
   * The outcome of a batch.
   *
   * @param moved records that are gone from the source
   * @param kept records that were offered and stay for now
   * @param nextSlot the first slot of the next batch
   * @param reason why the last kept record stays; empty if none does
   */
  record Batch(long moved, long movedBytes, long kept, int nextSlot, String reason) {}

  private final NodeConsoles consoles;

  /**
   * @param connection the options of the connections
   */
  public NodeQueries(ConnectionOptions connection) {
    this.consoles = new NodeConsoles(connection);
  }

  /** The node's records and bytes. */
  public Usage usage(NodeRecord node) throws IOException, InterruptedException {
    long[] numbers = numbers(node, ask(node, Command.of("PEER.USAGE"), DEADLINE_MS), 3);
    return new Usage(numbers[0], numbers[1], numbers[2]);
  }

  /** The node's counts. */
  public NodeReport report(NodeRecord node) throws IOException, InterruptedException {
    if (ask(node, Command.of("INFO").arg("STATS"), DEADLINE_MS) instanceof Reply.Bulk info) {
      return NodeReport.of(info.text());
    }
    throw new IOException(
        "node %s answers INFO in a form that is not understood: run one version of Larder everywhere"
            .formatted(node.nodeId()));
  }

  /** Whether the node has the key on its own device. */
  public boolean holds(NodeRecord node, byte[] key) throws IOException, InterruptedException {
    return ask(node, Command.of("PEER.HOLDS").arg(key), DEADLINE_MS) instanceof Reply.Array array
        && array.elements().getFirst() instanceof Reply.Int held
        && held.value() == 1;
  }

  /** The node that holds the key, according to the owner of the key's slot. */
  public Optional<String> locate(NodeRecord owner, byte[] key)
      throws IOException, InterruptedException {
    return ask(owner, Command.of("KV.LOCATE").arg(key), DEADLINE_MS) instanceof Reply.Array array
            && array.elements().getFirst() instanceof Reply.Array place
            && place.elements().getFirst() instanceof Reply.Bulk nodeId
        ? Optional.of(nodeId.text())
        : Optional.empty();
  }

  /**
   * Moves records from a node to another: as many as fit into so many bytes, but at least one.
   *
   * @param fromSlot the slot to begin with
   */
  Batch move(NodeRecord source, String target, long maxBytes, int fromSlot)
      throws IOException, InterruptedException {
    Command command = Command.of("PEER.MOVE").arg(target).arg(maxBytes).arg(fromSlot);
    Reply reply = ask(source, command, MOVE_DEADLINE_MS);
    long[] numbers = numbers(source, reply, 4);
    String reason =
        reply instanceof Reply.Array array && array.elements().get(4) instanceof Reply.Bulk bulk
            ? bulk.text()
            : "";
    return new Batch(numbers[0], numbers[1], numbers[2], (int) numbers[3], reason);
  }

  private Reply ask(NodeRecord node, Command command, long deadlineMs)
      throws IOException, InterruptedException {
    try {
      return consoles.call(node.host(), node.port(), command, deadlineMs);
    } catch (IOException e) {
      String message = String.valueOf(e.getMessage());
      throw message.contains("NOAUTH") || message.contains("WRONGPASS")
          ? new IOException(
              message
                  + " (give the nodes' password: larder admin --password-file, for moves the coordinators' security.passwordFile)",
              e)
          : e;
    }
  }

  private static long[] numbers(NodeRecord node, Reply reply, int count) throws IOException {
    long[] numbers = new long[count];
    List<Reply> elements = reply instanceof Reply.Array array ? array.elements() : List.of();
    for (int i = 0; i < count; i++) {
      if (i >= elements.size() || !(elements.get(i) instanceof Reply.Int number)) {
        throw new IOException(
            "node %s answers in a form that is not understood: run one version of Larder everywhere"
                .formatted(node.nodeId()));
      }
      numbers[i] = number.value();
    }
    return numbers;
  }

  @Override
  public void close() {
    consoles.close();
  }
}
