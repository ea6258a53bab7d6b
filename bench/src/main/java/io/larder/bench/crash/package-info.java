/**
 * The device store put to death: {@link io.larder.bench.crash.CrashBench} starts a process that
 * puts, deletes and reads at full speed ({@link io.larder.bench.crash.CrashChild}), keeps the
 * ledger of what it acknowledged ({@link io.larder.bench.crash.CrashLedger}), kills it at random
 * moments and holds what the next process recovers against the ledger.
 */
@NullMarked
package io.larder.bench.crash;

import org.jspecify.annotations.NullMarked;
