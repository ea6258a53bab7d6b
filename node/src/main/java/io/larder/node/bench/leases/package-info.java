/**
 * What put-leases cost and how fast they are: {@link io.larder.node.bench.leases.LeaseBench}
 * measures each figure on a cluster of real processes, and a znode per key beside it.
 */
@NullMarked
package io.larder.node.bench.leases;

import org.jspecify.annotations.NullMarked;
