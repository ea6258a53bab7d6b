package io.larder.node.service;

/**
 * A node's report of itself, which tells a lost block from one that is gone for a reason.
 *
 * @param incarnation its session: when that ends, the node's blocks count as absent until it has
 *     announced them again
 * @param evicted records dropped for space since the process started
 * @param damaged records dropped since then because they could not be read or did not verify
 * @param syncingSlots slots it owns for which other nodes have not announced their blocks yet
 * @param notedDeletes deleted keys that an absent node may still hold
 * @param droppedNotes those it could not remember: their values may return
 * @param withdrawnPuts keys of withdrawn puts that their owners do not know of yet
 */
public record NodeAccount(
    long incarnation,
    long evicted,
    long damaged,
    int syncingSlots,
    int notedDeletes,
    long droppedNotes,
    int withdrawnPuts) {}
