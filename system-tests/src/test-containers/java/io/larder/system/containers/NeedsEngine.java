package io.larder.system.containers;

import com.github.dockerjava.api.exception.NotFoundException;
import io.larder.testing.LeftOut;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.testcontainers.DockerClientFactory;

/**
 * Tests that run only where containers can: otherwise they are left out and one line says why, or,
 * under {@code -Dlarder.containers=require}, they fail.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(NeedsEngine.Condition.class)
@interface NeedsEngine {

  /** Looks for what the tests need, in the order in which it is had. */
  final class Condition implements ExecutionCondition {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      String missing = missing();
      if (missing == null) {
        return ConditionEvaluationResult.enabled("an engine, the image and loop devices are there");
      }
      if (System.getProperty("larder.containers", "").equals("require")) {
        throw new IllegalStateException("the containers suite needs " + missing);
      }
      return ConditionEvaluationResult.disabled(
          System.getProperty("larder.image", "").isEmpty()
              ? LeftOut.note("ContainersIT is " + missing)
              : LeftOut.test("ContainersIT", missing));
    }

    private static @Nullable String missing() {
      String image = System.getProperty("larder.image", "");
      if (image.isEmpty()) {
        return "not part of this build; .ci/containers runs it";
      }
      if (!Files.isWritable(Path.of("/dev/loop-control"))) {
        return "root and a writable /dev/loop-control: it makes loop devices";
      }
      if (!DockerClientFactory.instance().isDockerAvailable()) {
        return "a container engine that answers: start one (as root: dockerd) and try again";
      }
      try {
        DockerClientFactory.lazyClient().inspectImageCmd(image).exec();
      } catch (NotFoundException _) {
        return "the image " + image + ": add -Pimage, which builds it";
      }
      return null;
    }
  }
}
