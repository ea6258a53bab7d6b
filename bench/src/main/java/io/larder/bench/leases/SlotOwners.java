package io.larder.bench.leases;

import static io.larder.bench.PlainConnection.text;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.larder.bench.PlainConnection;
import io.larder.protocol.Slots;
import io.larder.testkit.local.LocalNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The owners of slots at one moment, from a node's {@code CLUSTER NODES}, and keys of a given slot.
 * Immutable.
 */
final class SlotOwners {
  private static final int TIMEOUT_MS = 60_000;

  private final String[] ownerBySlot;
  private final String[] tagBySlot;

  private SlotOwners(String[] ownerBySlot, String[] tagBySlot) {
    this.ownerBySlot = ownerBySlot;
    this.tagBySlot = tagBySlot;
  }

  static SlotOwners askedOf(LocalNode node) throws IOException {
    String[] owners = new String[Slots.COUNT];
    try (PlainConnection connection = PlainConnection.open(node.host(), node.port(), TIMEOUT_MS)) {
      byte[] answer = connection.call(text("CLUSTER"), text("NODES")).orElseThrow();
      for (String line : new String(answer, UTF_8).lines().toList()) {
        String[] words = line.split(" ", -1);
        for (int i = 8; i < words.length; i++) {
          String[] ends = words[i].split("-", 2);
          int last = Integer.parseInt(ends[ends.length - 1]);
          for (int slot = Integer.parseInt(ends[0]); slot <= last; slot++) {
            owners[slot] = words[0];
          }
        }
      }
    }
    return new SlotOwners(owners, tags());
  }

  /** For each slot the first number whose hash is the slot. */
  private static String[] tags() {
    String[] tags = new String[Slots.COUNT];
    int missing = Slots.COUNT;
    for (int i = 0; missing > 0; i++) {
      String tag = Integer.toString(i);
      int slot = Slots.of(tag.getBytes(UTF_8));
      if (tags[slot] == null) {
        tags[slot] = tag;
        missing--;
      }
    }
    return tags;
  }

  /** The slots of a node. */
  List<Integer> slotsOf(LocalNode node) {
    List<Integer> slots = new ArrayList<>();
    for (int slot = 0; slot < Slots.COUNT; slot++) {
      if (node.nodeId().equals(ownerBySlot[slot])) {
        slots.add(slot);
      }
    }
    return slots;
  }

  /** A key of that slot, a different one for every name. */
  byte[] key(int slot, String name) {
    return ("{" + tagBySlot[slot] + "}" + name).getBytes(UTF_8);
  }
}
