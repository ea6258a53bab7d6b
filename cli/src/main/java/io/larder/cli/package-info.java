/**
 * The commands of {@code ./larder}, one class each under {@link io.larder.cli.Larder}. They read
 * options, call the other modules, and print: data on standard output, everything else on standard
 * error.
 */
@NullMarked
package io.larder.cli;

import org.jspecify.annotations.NullMarked;
