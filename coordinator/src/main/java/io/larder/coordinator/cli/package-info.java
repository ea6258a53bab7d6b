/**
 * The coordinator's commands, for the launcher's top command to include: {@code larder coordinator}
 * and {@code larder status}.
 */
@NullMarked
package io.larder.coordinator.cli;

import org.jspecify.annotations.NullMarked;
