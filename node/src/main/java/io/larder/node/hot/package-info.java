/** The hot tier: blocks in memory, reference-counted, in Caffeine, weighed by what they occupy. */
@NullMarked
package io.larder.node.hot;

import org.jspecify.annotations.NullMarked;
