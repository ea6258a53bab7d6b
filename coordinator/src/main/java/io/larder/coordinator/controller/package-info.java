/**
 * The coordinator: of several, one leads and assigns slots to nodes; {@link
 * io.larder.coordinator.controller.Assignment} decides, {@link
 * io.larder.coordinator.controller.Coordinator} reads, leads and writes. Nothing depends on it at
 * run time but the slots of nodes that come and go.
 */
@NullMarked
package io.larder.coordinator.controller;

import org.jspecify.annotations.NullMarked;
