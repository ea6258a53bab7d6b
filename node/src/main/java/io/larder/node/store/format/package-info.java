/**
 * The structures on a device, each in one class that draws it, names the offset of each field, and
 * encodes and decodes it. {@link io.larder.node.store.format.Geometry} says where they lie. No I/O;
 * knows nothing else of the store. The reference is docs/device-format.md.
 */
@NullMarked
package io.larder.node.store.format;

import org.jspecify.annotations.NullMarked;
