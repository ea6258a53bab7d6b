/**
 * What a machine needs to run Larder, looked at before anything is started: {@link
 * io.larder.cli.doctor.Doctor} asks one small class for each thing and answers a {@link
 * io.larder.cli.doctor.Check} each. README has the same list; a test compares the two.
 */
@NullMarked
package io.larder.cli.doctor;

import org.jspecify.annotations.NullMarked;
