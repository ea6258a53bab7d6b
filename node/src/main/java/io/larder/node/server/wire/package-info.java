/**
 * RESP as the server reads and writes it. Bytes of a PUT come in from the socket: {@link
 * io.larder.node.server.wire.RequestDecoder} turns them into arguments, and {@link
 * io.larder.node.server.wire.ReceiveBuffers} lets the socket write the payload straight into the
 * chunks where it stays. Replies go out: {@link io.larder.node.server.wire.ReplyEncoder} writes
 * them, and {@link io.larder.node.server.wire.PayloadBufs} sends a payload from its chunks.
 */
@NullMarked
package io.larder.node.server.wire;

import org.jspecify.annotations.NullMarked;
