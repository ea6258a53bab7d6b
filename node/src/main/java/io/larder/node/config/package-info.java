/** A node's configuration: one validated record, {@link io.larder.node.config.NodeConfig}. */
@NullMarked
package io.larder.node.config;

import org.jspecify.annotations.NullMarked;
