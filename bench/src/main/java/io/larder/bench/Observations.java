package io.larder.bench;

import io.larder.bench.verdict.Evidence;
import io.larder.bench.verdict.StallWatch;

/**
 * The collectors of the inference servers' observations.
 *
 * @param evidence of broken promises and late calls
 * @param openFindings findings that the end of a session may excuse
 * @param stalls of this process
 */
record Observations(Evidence evidence, OpenFindings openFindings, StallWatch stalls) {}
