/**
 * The commands of {@code ./larder}, one class each under {@link io.larder.node.cli.Larder}. They
 * read options, call the part that does the work, and print: data on standard output, everything
 * else on standard error.
 */
@NullMarked
package io.larder.node.cli;

import org.jspecify.annotations.NullMarked;
