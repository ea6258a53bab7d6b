package io.larder.bench.crash;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.larder.bench.Figure;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/**
 * The faults of a device with a test that fails on a broken store. The build writes the table from
 * the tests' annotations and fails when it is out of date.
 */
final class FaultRows {
  private static final String TABLE = "fault-rows.tsv";

  private FaultRows() {}

  /** The number of rows with a test; the goal is all rows. */
  static Figure figure() throws IOException {
    List<String> rows;
    try (InputStream in = FaultRows.class.getResourceAsStream(TABLE)) {
      if (in == null) {
        throw new IOException(TABLE + " is not on the class path");
      }
      rows = new String(in.readAllBytes(), UTF_8).lines().toList();
    }
    long tested = rows.stream().filter(row -> !row.endsWith("\t")).count();
    return Figure.count(
        "faultRowsTested", tested, "rows", (double) rows.size(), Figure.Better.higher);
  }
}
