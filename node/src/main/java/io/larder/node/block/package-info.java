/**
 * A block as it travels through the node: its {@link io.larder.node.block.Key}, and a {@link
 * io.larder.node.block.Block} of id, metadata and {@link io.larder.node.block.Payload}, whose bytes
 * lie in chunks of the one {@link io.larder.node.block.MemoryPool}. JDK only; every stage from the
 * socket to the device shares these types, so bytes are not copied between stages.
 */
@NullMarked
package io.larder.node.block;

import org.jspecify.annotations.NullMarked;
