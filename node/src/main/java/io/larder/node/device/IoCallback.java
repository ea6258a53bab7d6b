package io.larder.node.device;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Told once when a submission is done. Runs on an engine's thread and must not block it. */
@FunctionalInterface
public interface IoCallback {
  /**
   * Ends the submission.
   *
   * @param failure why the whole submission counts as not done, or null if it is
   */
  void done(@Nullable IOException failure);
}
