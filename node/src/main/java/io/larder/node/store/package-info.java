/**
 * Blocks on a device, as the rest of the node sees them: {@link io.larder.node.store.BlockStore}
 * and its values, the configuration of a store, and the reports on a device. A PUT comes in as key
 * and block, goes out as a durable {@link io.larder.node.store.WrittenRecord}, and is visible once
 * that is published. Package {@code log} implements it on a device, package {@code format} has the
 * structures on the device; neither is known here.
 */
@NullMarked
package io.larder.node.store;

import org.jspecify.annotations.NullMarked;
