/** Clients that nobody here wrote, each used as its own documentation says, against real nodes. */
@NullMarked
package io.larder.node.redis;

import org.jspecify.annotations.NullMarked;
