package io.larder.cli.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.larder.testing.Patience;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ParentWatchTest {
  @Test
  void theEndOfTheStreamAndNothingElseIsTheEndOfTheParent() throws Exception {
    CountDownLatch gone = new CountDownLatch(1);
    PipedInputStream input = new PipedInputStream();
    try (PipedOutputStream parent = new PipedOutputStream(input)) {
      ParentWatch.watch(input, gone::countDown);
      parent.write("chatter\n".getBytes(java.nio.charset.StandardCharsets.UTF_8));
      parent.flush();
      assertThat(gone.await(300, TimeUnit.MILLISECONDS)).isFalse();
    }
    Patience.await(gone);
  }
}
