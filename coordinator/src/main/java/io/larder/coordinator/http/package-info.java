/** Metrics and health over HTTP, for the coordinator and the node. */
@NullMarked
package io.larder.coordinator.http;

import org.jspecify.annotations.NullMarked;
