/**
 * The cost and speed of put-leases: {@link io.larder.bench.leases.LeaseBench} measures each figure
 * on a cluster of real processes, and a znode per key beside it.
 */
@NullMarked
package io.larder.bench.leases;

import org.jspecify.annotations.NullMarked;
