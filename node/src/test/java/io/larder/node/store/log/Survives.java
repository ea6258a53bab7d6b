package io.larder.node.store.log;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Names the fault that a test shows to be survived, and the {@link Mutants mutants} of the store
 * that would not survive it: {@link FaultRowsTest} runs the test on each and sees it fail.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Survives {
  /** The row. */
  FaultRow value();

  /** Names of methods of {@link Mutants}. */
  String[] notAs();
}
