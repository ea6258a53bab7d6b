/**
 * Real work for a cluster and an honest account of it: {@link io.larder.bench.Trace} reads
 * requests, {@link io.larder.bench.Replay} plays them through Java clients that compute blocks
 * ({@link io.larder.bench.BlockContent}) and verify every byte they read, and {@link
 * io.larder.bench.Ledger} remembers every stored block, so that none can be lost unnoticed. {@link
 * io.larder.bench.FinalAudit} reads each of them back at the end, and {@link
 * io.larder.bench.verdict} judges the result.
 */
@NullMarked
package io.larder.bench;

import org.jspecify.annotations.NullMarked;
