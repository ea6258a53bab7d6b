/**
 * What the tests of every module share: how long they wait, and what they need of the machine. The
 * other modules have it as this module's test jar.
 */
@NullMarked
package io.larder.testing;

import org.jspecify.annotations.NullMarked;
