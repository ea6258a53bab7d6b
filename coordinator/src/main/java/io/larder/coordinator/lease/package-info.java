/**
 * A node's ZooKeeper session: registration, heartbeats, the fence that decides whether the node may
 * still grant put-leases, and the claims of its slots. Start at {@link
 * io.larder.coordinator.lease.NodeSession}; {@link io.larder.coordinator.lease.SessionProtocol} and
 * {@link io.larder.coordinator.lease.Fence} decide without I/O and with the clock passed in; {@code
 * Incarnation} executes their steps.
 */
@NullMarked
package io.larder.coordinator.lease;

import org.jspecify.annotations.NullMarked;
