/**
 * {@code larder bench device}: the store against the limit of the device under it, both measured in
 * one run. {@link io.larder.node.bench.device.DeviceBench} runs it.
 */
@NullMarked
package io.larder.node.bench.device;

import org.jspecify.annotations.NullMarked;
