/**
 * The owners that slots should have: a pure function of the nodes and the current table. No I/O, no
 * clock, no randomness.
 */
@NullMarked
package io.larder.coordinator.placement;

import org.jspecify.annotations.NullMarked;
