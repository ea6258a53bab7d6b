/**
 * Block storage by direct I/O: a {@link io.larder.node.device.Device} takes submissions of at most
 * 1 MiB and calls back when each is done. {@link io.larder.node.device.DirectDevice} is the engine
 * that works everywhere, system calls on a bounded pool of threads. JDK only; knows nothing of what
 * is stored.
 */
@NullMarked
package io.larder.node.device;

import org.jspecify.annotations.NullMarked;
