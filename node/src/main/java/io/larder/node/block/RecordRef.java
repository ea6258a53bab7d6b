package io.larder.node.block;

/**
 * One record of a key on one device.
 *
 * @param stamp the record's place on the device, which no other record ever has
 */
public record RecordRef(KeyRef key, long stamp) {}
