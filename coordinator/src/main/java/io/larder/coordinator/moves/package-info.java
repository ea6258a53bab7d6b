/**
 * Rebalances and drains: {@link io.larder.coordinator.moves.Move} is a plan and, once it is in
 * ZooKeeper, its progress; {@link io.larder.coordinator.moves.MovePlanner} makes plans. No I/O
 * here: the leading coordinator executes plans.
 */
@NullMarked
package io.larder.coordinator.moves;

import org.jspecify.annotations.NullMarked;
