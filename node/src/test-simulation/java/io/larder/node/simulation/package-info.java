/**
 * A whole cluster in one thread: production's routers, directories and session protocols over a
 * simulated network, ZooKeeper and devices, on virtual time, all of it decided by a seed. Start at
 * {@code ClusterSimulation}; {@code Checker} checks the promises; {@code docs/simulation.md} lists
 * which parts are real.
 */
@NullMarked
package io.larder.node.simulation;

import org.jspecify.annotations.NullMarked;
