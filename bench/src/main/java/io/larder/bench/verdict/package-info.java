/**
 * The verdict of a run on a cluster, and its evidence: {@link
 * io.larder.bench.verdict.BrokenPromise} lists the five promises that can be broken, {@link
 * io.larder.bench.verdict.Evidence} collects findings, {@link io.larder.bench.verdict.Verdict} is
 * the result with its exit code. Slowness is a figure and never a broken promise; a block that
 * cannot be judged is unknown.
 */
@NullMarked
package io.larder.bench.verdict;

import org.jspecify.annotations.NullMarked;
