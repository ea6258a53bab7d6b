package io.larder.node.server;

/**
 * A request, as far as its reply has to know it.
 *
 * @param onError what becomes of its error
 * @param startNanos when it was complete
 */
record Asked(CommandSpec spec, ErrorAnswer onError, long startNanos) {}
