/**
 * Who holds each key and who may write it: the slot owner's {@link
 * io.larder.node.directory.Directory} of holders and put-leases, and the writing node's own {@link
 * io.larder.node.directory.OpenPuts}. State machines without I/O: clocks are passed in, answers are
 * values, and what follows from a call (waking a waiter) runs after the slot's lock is given back.
 */
@NullMarked
package io.larder.node.directory;

import org.jspecify.annotations.NullMarked;
