/** Placeholder. */
@org.jspecify.annotations.NullMarked
package io.larder.coordinator;
