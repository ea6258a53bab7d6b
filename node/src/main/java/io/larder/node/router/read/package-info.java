/**
 * The way of a GET: {@link io.larder.node.router.read.Reads} looks into the hot tier and the store
 * of this node and, on a miss, asks the slot's owner for the holder and fetches the block from
 * there.
 */
@NullMarked
package io.larder.node.router.read;

import org.jspecify.annotations.NullMarked;
