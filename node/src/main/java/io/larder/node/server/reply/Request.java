package io.larder.node.server.reply;

import io.larder.node.server.command.CommandSpec;
import io.larder.node.server.command.ErrorAnswer;

/**
 * The part of a request that its reply needs.
 *
 * @param onError the reply if it ends in an error
 * @param startNanos when it was complete
 */
public record Request(CommandSpec spec, ErrorAnswer onError, long startNanos) {}
