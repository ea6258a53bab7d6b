/**
 * Breaks a cluster of real processes in every way the promises must survive, while clients use it,
 * and judges afterwards. {@link io.larder.bench.faults.Fault} lists the ways, {@link
 * io.larder.bench.faults.Load} runs the clients, {@link io.larder.bench.faults.History} records
 * their calls, {@link io.larder.bench.faults.Checker} checks them against the promises. {@link
 * io.larder.bench.faults.CountingLoad} runs byte-counting clients, which check every answer
 * themselves.
 */
@NullMarked
package io.larder.bench.faults;

import org.jspecify.annotations.NullMarked;
