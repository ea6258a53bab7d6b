/**
 * Who should own which slot: a pure function of the nodes and the table there is. No I/O, no clock,
 * no randomness.
 */
@NullMarked
package io.larder.coordinator.placement;

import org.jspecify.annotations.NullMarked;
