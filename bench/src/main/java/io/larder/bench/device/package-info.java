/**
 * {@code larder bench device}: the store against the limit of the device under it, both measured in
 * one run. {@link io.larder.bench.device.DeviceBench} runs it.
 */
@NullMarked
package io.larder.bench.device;

import org.jspecify.annotations.NullMarked;
