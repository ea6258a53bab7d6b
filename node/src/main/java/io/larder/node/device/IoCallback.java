package io.larder.node.device;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Called once when a submission is done. Runs on an engine's thread and must not block it. */
@FunctionalInterface
public interface IoCallback {
  /**
   * Ends the submission.
   *
   * @param failure why the whole submission failed, or null if it succeeded
   */
  void done(@Nullable IOException failure);
}
