/** Clients that nobody here wrote, each used as its own documentation says, against real nodes. */
@NullMarked
package io.larder.system.redis;

import org.jspecify.annotations.NullMarked;
