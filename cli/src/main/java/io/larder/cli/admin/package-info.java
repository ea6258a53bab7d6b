/**
 * The coordinator's commands, for the launcher's top command to include: {@code larder
 * coordinator}, {@code larder status} and {@code larder admin}.
 */
@NullMarked
package io.larder.cli.admin;

import org.jspecify.annotations.NullMarked;
