package io.larder.cli.doctor;

import io.larder.cli.doctor.Check.State;
import java.util.List;
import java.util.stream.Collectors;

/** This machine lacks a requirement of a command; nothing was started. */
public final class UnfitException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private UnfitException(String message) {
    super(message);
  }

  /**
   * Returns if nothing is missing.
   *
   * @throws UnfitException naming everything that is missing, each with its remedy
   */
  public static void throwIfMissing(List<Check> checks) {
    List<Check> missing = checks.stream().filter(Check::isMissing).toList();
    if (!missing.isEmpty()) {
      throw new UnfitException(
          missing.stream()
              .map(check -> check.name() + ": " + check.finding() + "; " + check.remedy())
              .collect(Collectors.joining("\n  ", "this machine cannot do that:\n  ", "")));
    }
  }

  /** The notes of the checks, a sentence each. */
  public static List<String> notes(List<Check> checks) {
    return checks.stream()
        .filter(check -> check.state() == State.NOTE)
        .map(check -> check.name() + ": " + check.finding() + "; " + check.remedy())
        .toList();
  }
}
