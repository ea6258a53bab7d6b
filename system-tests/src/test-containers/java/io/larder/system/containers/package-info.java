/**
 * The project's image under test: ZooKeeper, two coordinators and three nodes on real block
 * devices, each in a container, killed and cut off by the engine. Runs under {@code -Pcontainers};
 * docs/how-to-test-with-containers.md says what it needs.
 */
@NullMarked
package io.larder.system.containers;

import org.jspecify.annotations.NullMarked;
