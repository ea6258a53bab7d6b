package io.larder.node.directory;

/**
 * The number of a question or an order of a slot's owner about a record, by which a holder tells an
 * order that a later question has overtaken from one given after it.
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
