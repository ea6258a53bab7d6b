/** The client's promises, checked through its public API against whatever serves at an address. */
@NullMarked
package io.larder.node.client;

import org.jspecify.annotations.NullMarked;
