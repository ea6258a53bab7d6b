/**
 * Node to node: the questions nodes ask each other ({@link io.larder.node.peer.PeerRequest}), their
 * bytes ({@link io.larder.node.peer.PeerRequestWire}, {@link io.larder.node.peer.PeerAnswerWire})
 * and the links they travel on ({@link io.larder.node.peer.PeerLinks}).
 */
@NullMarked
package io.larder.node.peer;

import org.jspecify.annotations.NullMarked;
