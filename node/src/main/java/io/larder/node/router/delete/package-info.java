/**
 * The way of a DEL: {@link io.larder.node.router.delete.DeleteCalls} asks the slot's owner, where
 * {@link io.larder.node.router.delete.OwnerDeletes} has the holder write a tombstone.
 */
@NullMarked
package io.larder.node.router.delete;

import org.jspecify.annotations.NullMarked;
