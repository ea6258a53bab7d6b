package io.larder.cli.doctor;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;

/** Checks whether TCP ports are free. */
final class PortsCheck {
  private static final String NAME = "ports";

  private PortsCheck() {}

  /**
   * Checks each port.
   *
   * @param wanted the port of each process
   * @param insisted the processes whose port was given; the others take another instead
   */
  static Check check(Map<String, Integer> wanted, Set<String> insisted, IntPredicate isFree) {
    List<String> taken = new ArrayList<>();
    boolean refused = false;
    for (Map.Entry<String, Integer> each : wanted.entrySet()) {
      if (!isFree.test(each.getValue())) {
        taken.add("%d (%s)".formatted(each.getValue(), each.getKey()));
        refused |= insisted.contains(each.getKey());
      }
    }
    if (wanted.isEmpty()) {
      return Check.ok(NAME, "any free one is taken");
    }
    String all = String.join(", ", wanted.values().stream().map(String::valueOf).toList());
    if (taken.isEmpty()) {
      return Check.ok(NAME, all + " are free");
    }
    String found = String.join(", ", taken) + " in use, perhaps by a cluster that runs already";
    return refused
        ? Check.missing(NAME, found, "stop what listens there, or give others")
        : Check.note(
            NAME,
            found,
            "nothing: `up` takes others, unless its --dir keeps these; or stop what listens there");
  }
}
