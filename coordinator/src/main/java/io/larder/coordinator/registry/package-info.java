/**
 * What ZooKeeper holds and how it is written: the paths, the record of a node, the slot table, and
 * the immutable {@link io.larder.coordinator.registry.ClusterImage} that everything else reads.
 * {@code docs/zookeeper-layout.md} is the reference. Records and images do no I/O.
 */
@NullMarked
package io.larder.coordinator.registry;

import org.jspecify.annotations.NullMarked;
