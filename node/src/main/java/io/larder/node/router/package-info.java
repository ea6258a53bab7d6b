/**
 * The way of each request through the node: {@link io.larder.node.router.Router} implements the
 * service that the server calls and hands each request to one of its packages.
 *
 * <ul>
 *   <li>{@code write}: a PUT comes in as a key, options and a payload; a put-lease from the slot's
 *       owner, a record in the store and its commit at the owner make the outcome that goes out
 *   <li>{@code read}: a GET, from the hot tier, the store or another node
 *   <li>{@code delete}: a DEL, at the asking node and at the owner
 *   <li>{@code announce}: the owner's directory, rebuilt and kept true
 *   <li>{@code move}: records that change their node
 *   <li>{@code peer}: the answers to the other nodes
 *   <li>{@code holder} and {@code cluster}: the records of this node, and the nodes, for all others
 * </ul>
 */
@NullMarked
package io.larder.node.router;

import org.jspecify.annotations.NullMarked;
