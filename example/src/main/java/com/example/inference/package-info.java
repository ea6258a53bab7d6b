/** An inference server's prefix cache on Larder; copy from it what you need. */
@NullMarked
package com.example.inference;

import org.jspecify.annotations.NullMarked;
