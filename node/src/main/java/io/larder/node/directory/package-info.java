/**
 * Who holds each key and who may write it: the slot owner's {@link
 * io.larder.node.directory.Directory} of holders and put-leases, and the writing node's own {@link
 * io.larder.node.directory.OpenPuts}. State machines without I/O: clocks, rules and {@link
 * io.larder.node.directory.Deadlines} are passed in, answers are values, and calls to waiters run
 * after the slot's lock is released. For a PUT a key and its writer come in and a {@link
 * io.larder.node.service.LeaseAnswer} goes out; then a stamp comes in and a {@link
 * io.larder.node.directory.CommitDecision} goes out.
 */
@NullMarked
package io.larder.node.directory;

import org.jspecify.annotations.NullMarked;
