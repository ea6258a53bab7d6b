/**
 * The answers to the other nodes: {@link io.larder.node.router.peer.PeerCommands} reads what comes
 * over the wire, {@link io.larder.node.router.peer.PeerAnswers} gives each request to the part of
 * the router that answers it, {@link io.larder.node.router.peer.OwnerAnswers} for this node as a
 * slot's owner.
 */
@NullMarked
package io.larder.node.router.peer;

import org.jspecify.annotations.NullMarked;
