/**
 * The node as its callers see it: {@link io.larder.node.service.BlockService}, its values and its
 * one exception. The {@code server} calls it for the clients' connections, the {@code router}
 * implements it; neither knows the other. A put comes in as a {@link io.larder.node.block.Payload},
 * options and a key, and goes out as a {@link io.larder.node.service.PutOutcome}.
 */
@NullMarked
package io.larder.node.service;

import org.jspecify.annotations.NullMarked;
