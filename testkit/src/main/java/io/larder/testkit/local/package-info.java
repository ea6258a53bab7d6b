/**
 * A whole cluster on one machine, for the demo, for {@code up} and for tests: {@link
 * io.larder.testkit.local.LocalCluster} runs ZooKeeper in this process and the coordinator and
 * every node in a process of its own, as in production, so that one can be killed for real.
 */
@NullMarked
package io.larder.testkit.local;

import org.jspecify.annotations.NullMarked;
