package io.larder.node.directory;

/** Whether the owner of a slot may decide about the slot's keys now. */
enum SlotAvailability {
  OPEN(""),
  RELEASED("the slot changes its owner"),
  FENCED("the slot's owner has no proof of contact with ZooKeeper"),
  SYNCING("the slot's owner is still waiting for what the nodes hold");

  private final String reason;

  SlotAvailability(String reason) {
    this.reason = reason;
  }

  boolean isOpen() {
    return this == OPEN;
  }

  /** Why the owner cannot decide; empty if it can. */
  String reason() {
    return reason;
  }
}
