/**
 * The RESP server of a node: sockets on one side, {@link io.larder.node.service.BlockService},
 * which the router implements, on the other. Start at {@link io.larder.node.server.RespServer}. A
 * PUT's bytes come in at {@link io.larder.node.server.Connection}; the way is {@code wire}
 * (decode), {@code request} (receive the payload), {@code command} (parse and run), the service,
 * {@code reply} (write the outcome), and out through the connection's {@link
 * io.larder.node.server.ReplyQueue}.
 */
@NullMarked
package io.larder.node.server;

import org.jspecify.annotations.NullMarked;
