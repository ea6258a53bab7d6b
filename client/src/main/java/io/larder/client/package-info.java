/**
 * The Java client that an inference server embeds. Start at {@link io.larder.client.LarderClient};
 * {@link io.larder.client.BlockReader} and {@link io.larder.client.BlockWriter} are its two roles,
 * each with connections of its own, so that a put of megabytes never delays a lookup.
 *
 * <p>A call goes: bound ({@code InFlightLimit}) → attempts and deadlines ({@code Calls}) → a node
 * in order of preference ({@code Nodes}) → one of the role's connections to it ({@code NodeLink}) →
 * {@code io.larder.protocol.RespConnection}.
 */
@NullMarked
package io.larder.client;

import org.jspecify.annotations.NullMarked;
