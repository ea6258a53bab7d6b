/**
 * Breaks a cluster of real processes in every way the promises must survive, while clients use it,
 * and judges afterwards. {@link io.larder.bench.faults.Fault} lists the ways, {@link
 * io.larder.bench.faults.Load} is the clients, {@link io.larder.bench.faults.History} what each of
 * them saw, {@link io.larder.bench.faults.Checker} reads it against the promises. {@link
 * io.larder.bench.faults.CountingLoad} is clients that count bytes, which look at every answer
 * themselves.
 */
@NullMarked
package io.larder.bench.faults;

import org.jspecify.annotations.NullMarked;
