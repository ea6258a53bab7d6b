package io.larder.node.router.write;

import io.larder.node.directory.OpenPuts;
import io.larder.node.hot.HotTier;
import io.larder.node.router.cluster.Cluster;
import io.larder.node.router.cluster.Timing;
import io.larder.node.router.holder.PendingCommits;
import io.larder.node.router.holder.Withdrawals;
import io.larder.node.store.BlockStore;

/** The parts of the node that puts work with. */
public record PutContext(
    Cluster cluster,
    Leases leases,
    OpenPuts openPuts,
    BlockStore store,
    HotTier hot,
    Timing timing,
    PendingCommits pending,
    Withdrawals withdrawals,
    PutMetrics metrics) {}
