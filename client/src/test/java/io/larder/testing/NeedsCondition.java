package io.larder.testing;

import java.lang.reflect.AnnotatedElement;
import java.util.Optional;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Looks for what {@link Needs} names before the test runs. */
final class NeedsCondition implements ExecutionCondition {
  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    Optional<AnnotatedElement> element = context.getElement();
    Needs needs = element.map(each -> each.getAnnotation(Needs.class)).orElse(null);
    if (needs != null) {
      for (Need need : needs.value()) {
        if (!need.isMet()) {
          String test = LeftOut.name(context.getRequiredTestClass(), context.getTestMethod());
          return ConditionEvaluationResult.disabled(LeftOut.test(test, need.what()));
        }
      }
    }
    return ConditionEvaluationResult.enabled("the machine has what it needs");
  }
}
