/**
 * Breaks a cluster of real processes in every way the promises must survive, while clients use it,
 * and judges afterwards. {@link io.larder.node.bench.faults.Fault} lists the ways, {@link
 * io.larder.node.bench.faults.Load} is the clients, {@link io.larder.node.bench.faults.History}
 * what each of them saw, {@link io.larder.node.bench.faults.Checker} reads it against the promises.
 * {@link io.larder.node.bench.faults.CountingLoad} is clients that count bytes, which look at every
 * answer themselves.
 */
@NullMarked
package io.larder.node.bench.faults;

import org.jspecify.annotations.NullMarked;
