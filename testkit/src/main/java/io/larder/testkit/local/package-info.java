/**
 * A whole cluster on one machine, for the demo, for {@code up} and for tests: {@link
 * io.larder.testkit.local.LocalCluster} runs ZooKeeper in this process and the coordinator and
 * every node in a process of its own, as in production, so that each can be killed with kill -9.
 */
@NullMarked
package io.larder.testkit.local;

import org.jspecify.annotations.NullMarked;
