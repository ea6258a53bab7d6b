package io.larder.node.bench;

import static io.larder.node.bench.Figure.Better.higher;
import static io.larder.node.bench.Figure.Better.lower;

import java.util.ArrayList;
import java.util.List;

/**
 * What a replay did and found. The component names are those of the JSON report.
 *
 * @param requests requests replayed
 * @param lookups blocks looked up by them
 * @param hits blocks answered by the cache when they were looked up
 * @param hitRatio hits / lookups
 * @param idealHitRatio of an infinite cache that sees one request after the other
 * @param hitsHot hits from the memory of the server's local node
 * @param hitsDevice hits from the device of the server's local node
 * @param hitsPeer hits from another node
 * @param blocksComputed blocks generated because nobody had them
 * @param putsStored puts acknowledged as STORED
 * @param duplicatesSuppressed blocks that a server lacked and did not store, because another had
 *     stored it or was about to
 * @param bytesSaved their bytes
 * @param bytesRead by the servers, of blocks
 * @param bytesWritten by the servers, of blocks stored
 * @param seconds the replay itself took
 * @param requestsPerSecond of the replay
 * @param readBytesPerSecond of the replay
 * @param writeBytesPerSecond of the replay
 * @param getP50Ms half of the gets took no longer
 * @param getP99Ms 99 of 100 gets took no longer
 * @param putP50Ms half of the puts took no longer
 * @param putP99Ms 99 of 100 puts took no longer
 * @param failedCalls calls that failed while nothing was broken
 * @param herdBlocks new blocks that all servers wanted at one moment
 * @param herdComputations how often one of them was computed, in the whole fleet
 * @param recoveryMs from the start of the killed node's process to its readiness; -1 if none was
 *     killed
 * @param recoveredBlocks blocks it found on its device
 * @param evictions blocks dropped for space, all nodes together
 * @param acknowledgedBlocks puts acknowledged in the whole run
 * @param acknowledgedBlocksLost of them, could not be read back at the end
 * @param bytesVerified bytes compared with what they must be
 * @param mismatches blocks with a wrong byte
 * @param doubleAcknowledgements blocks that two puts were told to have stored
 * @param maxCopiesPerKey most nodes that hold one and the same block
 * @param blockBytes size of a block
 * @param servers inference servers
 * @param nodes nodes
 */
public record DemoReport(
    long requests,
    long lookups,
    long hits,
    double hitRatio,
    double idealHitRatio,
    long hitsHot,
    long hitsDevice,
    long hitsPeer,
    long blocksComputed,
    long putsStored,
    long duplicatesSuppressed,
    long bytesSaved,
    long bytesRead,
    long bytesWritten,
    double seconds,
    double requestsPerSecond,
    double readBytesPerSecond,
    double writeBytesPerSecond,
    double getP50Ms,
    double getP99Ms,
    double putP50Ms,
    double putP99Ms,
    long failedCalls,
    long herdBlocks,
    long herdComputations,
    long recoveryMs,
    long recoveredBlocks,
    long evictions,
    long acknowledgedBlocks,
    long acknowledgedBlocksLost,
    long bytesVerified,
    long mismatches,
    long doubleAcknowledgements,
    int maxCopiesPerKey,
    int blockBytes,
    int servers,
    int nodes) {

  /** Each promise that this run saw broken, in a sentence; empty if all were kept. */
  public List<String> brokenPromises() {
    List<String> broken = new ArrayList<>();
    if (acknowledgedBlocksLost > 0) {
      broken.add(
          "%d of %d acknowledged blocks are lost"
              .formatted(acknowledgedBlocksLost, acknowledgedBlocks));
    }
    if (mismatches > 0) {
      broken.add("%d blocks came back with bytes that nobody put".formatted(mismatches));
    }
    if (maxCopiesPerKey > 1) {
      broken.add("a block is held by %d nodes instead of one".formatted(maxCopiesPerKey));
    }
    if (doubleAcknowledgements > 0) {
      broken.add("%d blocks were acknowledged to two writers".formatted(doubleAcknowledgements));
    }
    if (herdComputations != herdBlocks) {
      broken.add(
          "%d herd blocks were computed %d times instead of once each"
              .formatted(herdBlocks, herdComputations));
    }
    if (evictions > 0) {
      broken.add("%d blocks were evicted from devices that had room".formatted(evictions));
    }
    if (failedCalls > 0) {
      broken.add("%d calls failed while every part was well".formatted(failedCalls));
    }
    return broken;
  }

  /** The same numbers in the shape of every benchmark's report. */
  public List<Figure> figures() {
    return List.of(
        Figure.of("hitRatio", hitRatio, "1", idealHitRatio, higher),
        Figure.of("requestsPerSecond", requestsPerSecond, "requests/s", null, higher),
        Figure.of("readBytesPerSecond", readBytesPerSecond, "bytes/s", null, higher),
        Figure.of("writeBytesPerSecond", writeBytesPerSecond, "bytes/s", null, higher),
        Figure.of("getP50", getP50Ms, "ms", null, lower),
        Figure.of("getP99", getP99Ms, "ms", null, lower),
        Figure.of("putP50", putP50Ms, "ms", null, lower),
        Figure.of("putP99", putP99Ms, "ms", null, lower),
        Figure.count("requests", requests, "requests", null, higher),
        Figure.count("lookups", lookups, "blocks", null, higher),
        Figure.count("hitsHot", hitsHot, "blocks", null, higher),
        Figure.count("hitsDevice", hitsDevice, "blocks", null, higher),
        Figure.count("hitsPeer", hitsPeer, "blocks", null, higher),
        Figure.count("putsStored", putsStored, "blocks", null, higher),
        Figure.count("duplicatesSuppressed", duplicatesSuppressed, "blocks", null, higher),
        Figure.count("bytesSaved", bytesSaved, "bytes", null, higher),
        Figure.count("bytesVerified", bytesVerified, "bytes", null, higher),
        Figure.count("recovery", recoveryMs, "ms", null, lower),
        Figure.count("failedCalls", failedCalls, "calls", 0.0, lower),
        Figure.count("evictions", evictions, "blocks", 0.0, lower),
        Figure.count("acknowledgedBlocksLost", acknowledgedBlocksLost, "blocks", 0.0, lower),
        Figure.count("mismatches", mismatches, "blocks", 0.0, lower),
        Figure.count("maxCopiesPerKey", maxCopiesPerKey, "nodes", 1.0, lower));
  }
}
