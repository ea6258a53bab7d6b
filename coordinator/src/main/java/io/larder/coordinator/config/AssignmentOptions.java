package io.larder.coordinator.config;

/**
 * The delays of the leading coordinator's slot assignment.
 *
 * @param startupWaitMs how long a new leader waits for all nodes named in the slot table
 * @param reassignAfterMs how long a node may be away (after its session ended) and keep its slots
 * @param settleMs how long the set of nodes must be unchanged before slots are spread over it
 * @param spreadToNewNodes whether a node that joins gets its share without {@code larder admin
 *     rebalance}
 */
public record AssignmentOptions(
    @Setting(
            value = "how long a new leader waits for the nodes named in the slot table, ms",
            min = 0,
            max = 600_000)
        int startupWaitMs,
    @Setting(
            value = "how long a node may be gone after its session ended and keep its slots, ms",
            min = 0,
            max = 86_400_000)
        int reassignAfterMs,
    @Setting(
            value = "quiet time after nodes came or went before slots are spread, ms",
            min = 0,
            max = 60_000)
        int settleMs,
    @Setting("whether a new node gets slots by itself, not by `larder admin rebalance`")
        boolean spreadToNewNodes) {

  /**
   * A node that is killed and back before its session has ended keeps its slots; one that is away
   * longer gets them back when it returns.
   */
  public static final AssignmentOptions DEFAULT = new AssignmentOptions(10_000, 500, 1_000, false);
}
