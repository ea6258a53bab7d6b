package io.larder.testkit.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChildLogTest {
  @TempDir Path dir;

  @Test
  void theCauseIsWhatThisLifeSaidOfErrorsWithoutItsStackFrames() throws IOException {
    Path log = dir.resolve("node.log");
    String earlier = "10:00 ERROR an earlier life's\n";
    Files.writeString(
        log,
        earlier
            + """
            10:01 INFO  NodeSession - claimed 2048 slots
            larder: note: huge pages: never
            10:02 ERROR Store - the device failed
            java.io.IOException: Input/output error
            \tat io.larder.Store.read(Store.java:1)
            10:03 INFO  closing
            """);
    assertThat(ChildLog.cause(log, earlier.length()))
        .isEqualTo(
            "\n  | 10:02 ERROR Store - the device failed\n  | java.io.IOException: Input/output error");
  }

  @Test
  void aLogThatNamesNoCauseIsQuotedFromItsEnd() throws IOException {
    Path log = dir.resolve("node.log");
    Files.writeString(log, "starting\nKilled\n");
    assertThat(ChildLog.cause(log, 0)).isEqualTo("\n  | starting\n  | Killed");
    Files.writeString(log, "memory.poolBytes: 1: at least 64 MiB\nUsage: larder node\n  0 done\n");
    assertThat(ChildLog.cause(log, 0)).isEqualTo("\n  | memory.poolBytes: 1: at least 64 MiB");
    Files.writeString(log, "");
    assertThat(ChildLog.cause(log, 0)).contains("it wrote nothing");
  }
}
