/**
 * Block storage by direct I/O: a {@link io.larder.node.device.Device} takes submissions of at most
 * 1 MiB and calls back when each is done. {@link io.larder.node.device.DirectDevice} is the engine
 * that works everywhere, system calls on a bounded pool of threads; the other is a ring of the
 * kernel, by Netty. Knows nothing of the bytes it stores.
 */
@NullMarked
package io.larder.node.device;

import org.jspecify.annotations.NullMarked;
