/**
 * A ZooKeeper server inside this process, for a cluster on one machine and for tests. Not for
 * production: run an ensemble of three or five there.
 */
@NullMarked
package io.larder.coordinator.embedded;

import org.jspecify.annotations.NullMarked;
