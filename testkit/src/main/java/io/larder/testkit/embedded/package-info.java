/**
 * Clusters within this process, for tests: {@link io.larder.testkit.embedded.EmbeddedLarder} for
 * the tests of an application, {@link io.larder.testkit.embedded.EmbeddedCluster} of any size, and
 * {@link io.larder.testkit.embedded.EmbeddedZooKeeper}, a server or a member of an ensemble. Not
 * for production.
 */
@NullMarked
package io.larder.testkit.embedded;

import org.jspecify.annotations.NullMarked;
