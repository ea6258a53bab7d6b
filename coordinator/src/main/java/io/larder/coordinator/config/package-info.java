/**
 * Configuration: one YAML file and the flags over it, read into one validated record per process.
 * {@link io.larder.coordinator.config.ConfigReader} does it for any record; {@link
 * io.larder.coordinator.config.Setting} carries each key's documentation and range beside it.
 */
@NullMarked
package io.larder.coordinator.config;

import org.jspecify.annotations.NullMarked;
