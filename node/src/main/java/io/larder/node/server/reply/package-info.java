/**
 * Replies on their way out. An {@link io.larder.node.server.command.Answer} comes in and becomes an
 * {@link io.larder.node.server.reply.Exchange}, which writes RESP, and blocks from where they lie,
 * to a {@link io.larder.node.server.reply.ReplySink}. Of a PUT it writes the outcome.
 */
@NullMarked
package io.larder.node.server.reply;

import org.jspecify.annotations.NullMarked;
