package io.larder.node.store.log;

import io.larder.node.store.format.Location;

/** An indexed record of a segment that is being reclaimed. */
record LiveRecord(int slot, long fingerprint, long location) {
  int bytes() {
    return Location.lengthBytes(location);
  }
}
