package io.larder.node.directory;

/**
 * Numbers what the owner of a slot asks and orders about records, so that an order which is
 * overtaken by a later question can be told from one given after it.
 *
 * @param epoch of the owner's claim
 * @param number rises with each within an epoch
 */
public record Order(long epoch, long number) implements Comparable<Order> {
  @Override
  public int compareTo(Order other) {
    int byEpoch = Long.compareUnsigned(epoch, other.epoch);
    return byEpoch != 0 ? byEpoch : Long.compare(number, other.number);
  }
}
