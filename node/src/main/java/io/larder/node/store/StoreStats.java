package io.larder.node.store;

import java.util.Map;

/**
 * Counters, which run from opening, and gauges of a store.
 *
 * @param capacityBytes what the segments have together
 * @param usedBytes what indexed records occupy
 * @param pinnedBytes of these, what pins keep
 * @param entries indexed keys, expired ones included
 * @param segmentsByState count by lower-case state name
 * @param evictions records dropped by reclaim
 * @param checksumFailures records dropped because they did not verify
 * @param readErrors device reads that failed
 * @param writeErrors device writes that failed
 * @param bytesWritten records and their alignment
 * @param bytesRead for reads of records
 * @param bytesRelocated of records that reclaim relocated
 * @param segmentsReclaimed segments emptied
 * @param checkpointAgeMs since the newest checkpoint was written
 * @param waitingWrites records that wait for a free segment or for their group
 * @param devicePending submissions queued or in flight
 * @param engine the device engine's name
 * @param stalls how often the device did not answer within the deadline
 * @param stalled whether it does not at present: reads are misses
 * @param readOnly whether writing has stopped for good
 */
public record StoreStats(
    long capacityBytes,
    long usedBytes,
    long pinnedBytes,
    long entries,
    Map<String, Integer> segmentsByState,
    long evictions,
    long checksumFailures,
    long readErrors,
    long writeErrors,
    long bytesWritten,
    long bytesRead,
    long bytesRelocated,
    long segmentsReclaimed,
    long checkpointAgeMs,
    int waitingWrites,
    int devicePending,
    String engine,
    long stalls,
    boolean stalled,
    boolean readOnly) {}
