package io.larder.node.service;

/**
 * What a node reports of itself to whoever must tell a lost block from one that is gone for a
 * reason.
 *
 * @param incarnation its session: when that ends, what the node holds counts as absent until it is
 *     announced again
 * @param evicted records dropped for space since the process started
 * @param damaged records dropped since then because they could not be read or did not verify
 * @param syncingSlots slots it owns for which it has not heard yet what the nodes hold
 * @param notedDeletes deleted keys that a node which is away may hold
 * @param droppedNotes of those the ones that it could not remember: their values may return
 * @param withdrawnPuts keys of given-up puts that their owners have not heard of yet
 */
public record NodeAccount(
    long incarnation,
    long evicted,
    long damaged,
    int syncingSlots,
    int notedDeletes,
    long droppedNotes,
    int withdrawnPuts) {}
