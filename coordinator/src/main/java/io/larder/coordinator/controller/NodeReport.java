package io.larder.coordinator.controller;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A node's counts since its start that concern an operator, read from its {@code INFO}. A missing
 * count is 0.
 *
 * @param droppedPuts puts of plain sessions that were answered and not stored, by reason
 * @param notedDeletes deleted keys that an absent node may hold
 * @param droppedNotes how many of those could not be remembered
 * @param withdrawnPuts keys of abandoned puts whose slot owners have not been notified yet
 */
public record NodeReport(
    Map<String, Long> droppedPuts, long notedDeletes, long droppedNotes, long withdrawnPuts) {
  private static final String DROPPED = "puts_dropped_";

  public NodeReport {
    droppedPuts = Collections.unmodifiableMap(new TreeMap<>(droppedPuts));
  }

  static NodeReport of(String info) {
    Map<String, String> fields = new TreeMap<>();
    info.lines()
        .filter(line -> line.indexOf(':') > 0)
        .forEach(line ->
            fields.put(
                line.substring(0, line.indexOf(':')),
                line.substring(line.indexOf(':') + 1).strip()));
    Map<String, Long> dropped = new TreeMap<>();
    fields.forEach((field, value) -> {
      if (field.startsWith(DROPPED)) {
        dropped.put(field.substring(DROPPED.length()), count(value));
      }
    });
    return new NodeReport(
        dropped,
        count(fields.get("larder_deletes_noted")),
        count(fields.get("larder_deletes_notes_dropped")),
        count(fields.get("larder_puts_withdrawn")));
  }

  private static long count(@Nullable String value) {
    return value == null ? 0 : Long.parseLong(value);
  }
}
