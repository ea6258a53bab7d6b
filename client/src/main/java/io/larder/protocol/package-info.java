/**
 * The protocol that both ends share: RESP2 and RESP3 replies, key slots, put tokens, limits, and
 * the pipelined connection that the Java client and the nodes' peer links use. Start at {@link
 * io.larder.protocol.Reply}.
 */
@NullMarked
package io.larder.protocol;

import org.jspecify.annotations.NullMarked;
