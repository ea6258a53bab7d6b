/**
 * The way of a PUT: {@link io.larder.node.router.write.Writes} asks the slot's owner for the key's
 * put-lease, through {@link io.larder.node.router.write.Leases}, while the payload arrives. A
 * {@code Put} waits for that lease, its {@code PutRecord} is written to the store and committed at
 * the owner, and a {@link io.larder.node.service.PutOutcome} goes back to the client. On a draining
 * node {@link io.larder.node.router.write.Forwarding} sends the put to another node instead.
 */
@NullMarked
package io.larder.node.router.write;

import org.jspecify.annotations.NullMarked;
