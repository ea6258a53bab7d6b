package io.larder.node.store.format;

/**
 * A segment's life: {@code FREE → OPENING → OPEN → SEALING → SEALED → RECLAIMING → FREE}. A segment
 * that the device cannot write or read is {@code QUARANTINED} until the next mount.
 */
public enum SegmentState {
  FREE(0),
  OPENING(1),
  OPEN(2),
  SEALING(3),
  SEALED(4),
  RECLAIMING(5),
  QUARANTINED(6);

  private final int code;

  SegmentState(int code) {
    this.code = code;
  }

  /** How the checkpoint writes it. */
  int code() {
    return code;
  }

  /** The state of a checkpoint's code; an unknown code counts as quarantined. */
  static SegmentState of(int code) {
    for (SegmentState state : values()) {
      if (state.code == code) {
        return state;
      }
    }
    return QUARANTINED;
  }
}
