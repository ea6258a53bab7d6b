/**
 * Moves of records between nodes: {@link io.larder.node.router.move.Departures} offers them, {@link
 * io.larder.node.router.move.Arrivals} fetches them on the other node.
 */
@NullMarked
package io.larder.node.router.move;

import org.jspecify.annotations.NullMarked;
