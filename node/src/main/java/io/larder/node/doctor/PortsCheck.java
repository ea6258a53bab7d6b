package io.larder.node.doctor;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;

/** Whether TCP ports are free. */
final class PortsCheck {
  private static final String NAME = "ports";

  private PortsCheck() {}

  /**
   * Looks at each.
   *
   * @param wanted who is to have which
   * @param insisted whether those very ones were asked for; else others are taken instead
   */
  static Check check(Map<String, Integer> wanted, boolean insisted, IntPredicate isFree) {
    List<String> taken = new ArrayList<>();
    new LinkedHashMap<>(wanted)
        .forEach((name, port) -> {
          if (!isFree.test(port)) {
            taken.add("%d (%s)".formatted(port, name));
          }
        });
    if (wanted.isEmpty()) {
      return Check.ok(NAME, "any free one is taken");
    }
    String all = String.join(", ", wanted.values().stream().map(String::valueOf).toList());
    if (taken.isEmpty()) {
      return Check.ok(NAME, all + " are free");
    }
    String found = String.join(", ", taken) + " in use, perhaps by a cluster that runs already";
    return insisted
        ? Check.missing(NAME, found, "stop what listens there, or give others")
        : Check.note(
            NAME, found, "nothing: up takes others and says which; or stop what listens there");
  }
}
