/**
 * A whole cluster in one thread: production's routers, directories and session protocols over a
 * simulated network, ZooKeeper and devices, on virtual time, all of it decided by a seed. Start at
 * {@code ClusterSimulation}; what is watched is in {@code Checker}; {@code docs/simulation.md} says
 * what is real and what is not.
 */
@NullMarked
package io.larder.node.simulation;

import org.jspecify.annotations.NullMarked;
