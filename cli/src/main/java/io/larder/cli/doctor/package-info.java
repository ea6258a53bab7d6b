/**
 * Checks of the machine before anything is started: {@link io.larder.cli.doctor.Doctor} calls one
 * small class for each requirement, which returns a {@link io.larder.cli.doctor.Check}. README has
 * the same list; a test compares the two.
 */
@NullMarked
package io.larder.cli.doctor;

import org.jspecify.annotations.NullMarked;
