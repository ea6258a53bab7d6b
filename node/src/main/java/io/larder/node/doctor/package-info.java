/**
 * What a machine needs to run Larder, looked at before anything is started: {@link
 * io.larder.node.doctor.Doctor} asks one small class for each thing and answers a {@link
 * io.larder.node.doctor.Check} each. README has the same list; a test compares the two.
 */
@NullMarked
package io.larder.node.doctor;

import org.jspecify.annotations.NullMarked;
