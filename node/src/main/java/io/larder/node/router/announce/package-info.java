/**
 * The directory of this node's slots: {@link io.larder.node.router.announce.Announcer} rebuilds it
 * after a claim, {@link io.larder.node.router.announce.AntiEntropy} corrects it, and {@link
 * io.larder.node.router.announce.Duplicates} settles keys that two nodes hold.
 */
@NullMarked
package io.larder.node.router.announce;

import org.jspecify.annotations.NullMarked;
