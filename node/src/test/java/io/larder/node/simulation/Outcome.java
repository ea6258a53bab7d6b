package io.larder.node.simulation;

import org.jspecify.annotations.Nullable;

/**
 * How a run ended.
 *
 * @param violation the first promise that was broken, or null
 * @param trace what happened, line by line; empty if it was not asked for
 */
record Outcome(@Nullable String violation, String trace) {}
