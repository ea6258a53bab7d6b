/**
 * Node to node: the questions nodes ask each other ({@link io.larder.node.peer.PeerRequest}), their
 * bytes ({@link io.larder.node.peer.PeerWire}) and the links they travel on ({@link
 * io.larder.node.peer.PeerLinks}).
 */
@NullMarked
package io.larder.node.peer;

import org.jspecify.annotations.NullMarked;
