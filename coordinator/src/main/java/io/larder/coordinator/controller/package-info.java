/**
 * The coordinator: of several, one leads and assigns slots to nodes; {@link
 * io.larder.coordinator.controller.Assignment} decides, {@link
 * io.larder.coordinator.controller.Coordinator} reads, leads and writes. Nodes need it only when
 * slots must change their owners.
 */
@NullMarked
package io.larder.coordinator.controller;

import org.jspecify.annotations.NullMarked;
