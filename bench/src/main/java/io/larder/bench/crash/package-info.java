/**
 * Kills of the device store: {@link io.larder.bench.crash.CrashBench} starts a process that puts,
 * deletes and reads at full speed ({@link io.larder.bench.crash.CrashChild}), keeps a ledger of its
 * acknowledgements ({@link io.larder.bench.crash.CrashLedger}), kills it at random moments and
 * checks the versions that the next process recovers against the ledger.
 */
@NullMarked
package io.larder.bench.crash;

import org.jspecify.annotations.NullMarked;
