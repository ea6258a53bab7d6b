/**
 * Blocks on a device: an append-only log in large segments, an index in memory, recovery and
 * reclaim. Start from {@link io.larder.node.store.Store}; the format is in {@link
 * io.larder.node.store.Geometry} (where things are), {@link io.larder.node.store.Superblock},
 * {@link io.larder.node.store.Checkpoint}, {@link io.larder.node.store.SegmentHeader}, {@link
 * io.larder.node.store.RecordHeader}, {@link io.larder.node.store.GroupHeader} and {@link
 * io.larder.node.store.SegmentFooter}, each of which spells one structure out. Knows nothing of
 * clusters and networks.
 */
@NullMarked
package io.larder.node.store;

import org.jspecify.annotations.NullMarked;
