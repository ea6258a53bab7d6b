/**
 * Where a request goes: {@link io.larder.node.router.Router} is what the server asks; reads go
 * through {@link io.larder.node.router.Reads}, writes through {@link io.larder.node.router.Writes};
 * {@link io.larder.node.router.PeerService} answers the other nodes, and {@link
 * io.larder.node.router.Announcer} rebuilds the directory of the slots this node claims.
 */
@NullMarked
package io.larder.node.router;

import org.jspecify.annotations.NullMarked;
