/**
 * The wire against its rivals in one run: redis-server, a bare server in C, Jedis and Lettuce.
 * Start at {@link io.larder.bench.wire.WireBench}.
 */
@NullMarked
package io.larder.bench.wire;

import org.jspecify.annotations.NullMarked;
