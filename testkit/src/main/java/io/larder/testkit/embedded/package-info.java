/** A whole cluster of one node within this process, for the tests of who uses Larder. */
@NullMarked
package io.larder.testkit.embedded;

import org.jspecify.annotations.NullMarked;
