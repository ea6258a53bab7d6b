/**
 * Commands without sockets. A {@link io.larder.node.server.command.Call} comes in, for a put with a
 * {@link io.larder.node.server.command.ReceivedPut}; {@link io.larder.node.server.command.Commands}
 * runs its handler, which calls {@link io.larder.node.service.BlockService}, and an {@link
 * io.larder.node.server.command.Answer} goes out. Knows neither Netty nor the connection: handlers
 * see the server through {@link io.larder.node.server.command.CommandContext}.
 */
@NullMarked
package io.larder.node.server.command;

import org.jspecify.annotations.NullMarked;
