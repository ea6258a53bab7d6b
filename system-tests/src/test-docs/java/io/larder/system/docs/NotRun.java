package io.larder.system.docs;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** Why a block of commands is left out, as the comment before its fence says. */
enum NotRun {
  ROOT,
  DOCKER,
  ANOTHER_HOST,
  KUBERNETES,
  LONG,
  ILLUSTRATION;

  static NotRun of(String words) {
    return Arrays.stream(values())
        .filter(reason -> reason.words().equals(words))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "'%s' is no reason to leave a block out: give one of %s"
                    .formatted(
                        words,
                        Arrays.stream(values())
                            .map(NotRun::words)
                            .collect(Collectors.joining(", ")))));
  }

  String words() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
