package io.larder.coordinator.controller;

import io.larder.client.NodeConsoles;
import io.larder.coordinator.moves.Usage;
import io.larder.coordinator.registry.NodeRecord;
import io.larder.protocol.Command;
import io.larder.protocol.Reply;
import java.io.IOException;
import java.util.List;

/** What the administration asks nodes, {@code PEER.USAGE} and {@code PEER.MOVE}. */
final class NodeUsage {
  private static final long USAGE_DEADLINE_MS = 3_000;
  private static final long MOVE_DEADLINE_MS = 60_000;

  /**
   * What a batch came to.
   *
   * @param moved records that are gone from the source
   * @param kept records that were offered and stay for now
   * @param nextSlot where the next batch goes on
   * @param reason why the last kept record stays; empty if none does
   */
  record Batch(long moved, long movedBytes, long kept, int nextSlot, String reason) {}

  private NodeUsage() {}

  static Usage of(NodeConsoles consoles, NodeRecord node) throws IOException, InterruptedException {
    Reply reply =
        consoles.call(node.host(), node.port(), Command.of("PEER.USAGE"), USAGE_DEADLINE_MS);
    long[] numbers = numbers(node, reply, 3);
    return new Usage(numbers[0], numbers[1], numbers[2]);
  }

  static Batch move(
      NodeConsoles consoles, NodeRecord source, String target, long maxBytes, int fromSlot)
      throws IOException, InterruptedException {
    Command command = Command.of("PEER.MOVE").arg(target).arg(maxBytes).arg(fromSlot);
    Reply reply = consoles.call(source.host(), source.port(), command, MOVE_DEADLINE_MS);
    long[] numbers = numbers(source, reply, 4);
    String reason =
        reply instanceof Reply.Array array && array.elements().get(4) instanceof Reply.Bulk bulk
            ? bulk.text()
            : "";
    return new Batch(numbers[0], numbers[1], numbers[2], (int) numbers[3], reason);
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
}
