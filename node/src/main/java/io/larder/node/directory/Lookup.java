package io.larder.node.directory;

import io.larder.node.service.Member;

/** Where a key is stored, as far as the slot's owner knows. */
public sealed interface Lookup {
  /** The key is stored there. */
  record Found(Member holder, long stamp, long expiresAtMs) implements Lookup {}

  /** The key is not stored by any live node. */
  record Absent() implements Lookup {}

  /** This node does not own the slot, or has not heard from every node yet: a miss for now. */
  record Unknown() implements Lookup {}
}
