package io.larder.testkit.local;

import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Waits until processes are ready, as long as they make progress. A process makes progress while
 * its answer to {@code /ready} changes and, before its first answer, while it uses the processor:
 * it is starting its JVM or reading its device. An ended process, or five minutes without progress
 * of any, is a failure; a slow machine is not.
 */
final class StartupWait {
  private static final Duration STANDSTILL = Duration.ofMinutes(5);
  private static final Duration PAUSE = Duration.ofMillis(50);
  private static final Duration SAY_AT_LEAST = Duration.ofSeconds(10);
  private static final long PROCESSOR_STEP_SECONDS = 5;

  /** A process and the address of its health. */
  record Watched(ChildProcess process, String host, int httpPort) {}

  private final HttpClient http;
  private final List<Watched> all;
  private final Consumer<String> say;
  private final StallDetector stalls = new StallDetector(STANDSTILL);
  private String said = "";
  private long saidNs = System.nanoTime();

  private StartupWait(HttpClient http, List<Watched> all, Consumer<String> say) {
    this.http = http;
    this.all = all;
    this.say = say;
  }

  /**
   * Returns when all are ready.
   *
   * @param say receives periodically the processes that are not ready, with the reasons
   * @throws LocalClusterException if one has ended or stalls; the message quotes its log
   */
  static void await(HttpClient http, List<Watched> all, Consumer<String> say)
      throws LocalClusterException {
    new StartupWait(http, all, say).await();
  }

  private void await() throws LocalClusterException {
    try {
      while (true) {
        List<String> missing = new ArrayList<>();
        List<String> states = new ArrayList<>();
        for (Watched watched : all) {
          look(watched, missing, states);
        }
        if (missing.isEmpty()) {
          return;
        }
        stalls.changed(states);
        if (stalls.tooLong()) {
          throw stoodStill();
        }
        saySometimes(missing);
        Thread.sleep(PAUSE);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LocalClusterException("interrupted while processes were starting", e);
    }
  }

  private void look(Watched watched, List<String> missing, List<String> states)
      throws LocalClusterException, InterruptedException {
    ChildProcess process = watched.process();
    if (!process.isAlive()) {
      throw new LocalClusterException(
          "%s ended before it was ready, %s".formatted(process.name(), process.ending()), null);
    }
    String answer = Readiness.ask(http, watched.host(), watched.httpPort());
    if (Readiness.isReady(answer)) {
      states.add("ready");
      return;
    }
    boolean answers = Character.isDigit(answer.charAt(0));
    long steps = process.processorTime().toSeconds() / PROCESSOR_STEP_SECONDS;
    states.add(answers ? answer : "no answer, " + steps);
    // Without the status, which adds nothing to the reason.
    String reason = answers ? answer.substring(answer.indexOf(' ') + 1) : "starting";
    missing.add(process.name() + ": " + reason);
  }

  private void saySometimes(List<String> missing) {
    String now = String.join("; ", missing);
    long silentNs = System.nanoTime() - saidNs;
    boolean still = now.equals(said);
    if (silentNs > SAY_AT_LEAST.toNanos() || (!still && silentNs > SAY_AT_LEAST.toNanos() / 5)) {
      say.accept((still ? "  still waiting for " : "  waiting for ") + now);
      said = now;
      saidNs = System.nanoTime();
    }
  }

  private LocalClusterException stoodStill() throws InterruptedException {
    StringBuilder text =
        new StringBuilder("nothing has got on for %d minutes:".formatted(STANDSTILL.toMinutes()));
    for (Watched watched : all) {
      String answer = Readiness.ask(http, watched.host(), watched.httpPort());
      if (!Readiness.isReady(answer)) {
        text.append(
                "\n%s at %s:%d says %s:"
                    .formatted(
                        watched.process().name(), watched.host(), watched.httpPort(), answer))
            .append(watched.process().cause());
      }
    }
    return new LocalClusterException(text.toString(), null);
  }
}
