/**
 * The RESP server of a node: sockets on one side, {@link io.larder.node.service.BlockService},
 * which the router implements, on the other. Start at {@link io.larder.node.server.RespServer}.
 */
@NullMarked
package io.larder.node.server;

import org.jspecify.annotations.NullMarked;
