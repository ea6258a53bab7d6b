/**
 * The cluster's state in ZooKeeper and its formats: the paths, the record of a node, the slot
 * table, and the immutable {@link io.larder.coordinator.registry.ClusterImage}, which all other
 * packages read. {@code docs/zookeeper-layout.md} is the reference. Records and images do no I/O.
 */
@NullMarked
package io.larder.coordinator.registry;

import org.jspecify.annotations.NullMarked;
