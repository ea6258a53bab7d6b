/**
 * The parts that every way through the router shares: {@link
 * io.larder.node.router.cluster.Cluster}, which knows the nodes and asks them, and {@link
 * io.larder.node.router.cluster.Timing}, the control thread with its clock and durations.
 */
@NullMarked
package io.larder.node.router.cluster;

import org.jspecify.annotations.NullMarked;
