package io.larder.bench;

import io.larder.bench.verdict.Evidence;
import io.larder.bench.verdict.StallWatch;

/**
 * Whom the inference servers tell what they see.
 *
 * @param evidence of broken promises and of lateness
 * @param openFindings what may yet be explained
 * @param stalls of this process
 */
record Observations(Evidence evidence, OpenFindings openFindings, StallWatch stalls) {}
