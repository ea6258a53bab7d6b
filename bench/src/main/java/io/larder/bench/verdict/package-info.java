/**
 * What a run may say of a cluster, and on what evidence: {@link
 * io.larder.bench.verdict.BrokenPromise} lists the five promises that can be seen broken, {@link
 * io.larder.bench.verdict.Evidence} collects what is seen, {@link io.larder.bench.verdict.Verdict}
 * is the result with its exit code. Slowness is a figure and never a broken promise; a block that
 * cannot be judged is unknown.
 */
@NullMarked
package io.larder.bench.verdict;

import org.jspecify.annotations.NullMarked;
