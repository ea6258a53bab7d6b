/**
 * An append-only log in large segments, an index in memory, recovery and reclaim. {@link
 * io.larder.node.store.log.LogStore} is the store, {@link io.larder.node.store.log.DeviceFormat}
 * and {@link io.larder.node.store.log.DeviceVerifier} prepare and examine a device.
 *
 * <p>A PUT comes in as a block, is queued as an {@link io.larder.node.store.log.Append}, gets its
 * place in the open segment and is written by the {@link io.larder.node.store.log.Appender}, and
 * enters the {@link io.larder.node.store.log.Index} when it is published. Knows nothing of clusters
 * and networks.
 */
@NullMarked
package io.larder.node.store.log;

import org.jspecify.annotations.NullMarked;
