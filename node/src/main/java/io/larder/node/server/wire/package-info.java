/**
 * RESP as the server reads and writes it. {@link io.larder.node.server.wire.RequestDecoder} spells
 * out requests, {@link io.larder.node.server.wire.ReplyEncoder} replies; {@link
 * io.larder.node.server.wire.ReceiveBuffers} lets the socket write a payload straight into the
 * chunks where it stays, {@link io.larder.node.server.wire.PayloadBufs} lets it be sent from there.
 */
@NullMarked
package io.larder.node.server.wire;

import org.jspecify.annotations.NullMarked;
