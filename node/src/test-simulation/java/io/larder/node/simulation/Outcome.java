package io.larder.node.simulation;

import org.jspecify.annotations.Nullable;

/**
 * How a run ended.
 *
 * @param violation the first promise that was broken, or null
 * @param trace the history, line by line; empty if the run was not traced
 */
record Outcome(@Nullable String violation, String trace) {}
