package io.larder.bench.device;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * fio, the measure of a device's limit: io_uring, direct, from and into {@link HugePages} as the
 * store does, and the better of one and two jobs. The better one is determined once a load: taking
 * the better of two runs each time would count the device's fluctuation in fio's favour.
 */
public final class Fio {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final int CHOOSING_ROUNDS = 3;

  private record Load(boolean reads, int blockBytes, int depth) {}

  private final Path device;
  private final long bytes;
  private final Map<Load, Integer> chosenJobs = new HashMap<>();

  /**
   * @param pages the pages reserved for it
   * @param bytes the size of the part of the device that it may write to
   */
  public Fio(HugePages pages, Path device, long bytes) {
    if (!pages.areReserved()) {
      throw new IllegalArgumentException("fio without huge pages measures nothing");
    }
    this.device = device;
    this.bytes = bytes;
  }

  /** Whether fio is installed. */
  public static boolean isInstalled() {
    try {
      return new ProcessBuilder("fio", "--version").redirectErrorStream(true).start().waitFor()
          == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /**
   * Bytes a second of sequential writes or random reads.
   *
   * @param start the start of the part of the device that it may write to
   */
  public double bytesPerSecond(boolean reads, long start, int blockBytes, int depth, Duration time)
      throws IOException, InterruptedException {
    Load load = new Load(reads, blockBytes, depth);
    Integer best = chosenJobs.get(load);
    if (best == null) {
      best = depth == 1 ? 1 : betterJobs(load, start, time);
      chosenJobs.put(load, best);
    }
    return run(load, start, best, time);
  }

  private int betterJobs(Load load, long start, Duration time)
      throws IOException, InterruptedException {
    double[] one = new double[CHOOSING_ROUNDS];
    double[] two = new double[CHOOSING_ROUNDS];
    for (int round = 0; round < CHOOSING_ROUNDS; round++) {
      one[round] = run(load, start, 1, time);
      two[round] = run(load, start, 2, time);
    }
    Arrays.sort(one);
    Arrays.sort(two);
    return one[CHOOSING_ROUNDS / 2] >= two[CHOOSING_ROUNDS / 2] ? 1 : 2;
  }

  private double run(Load load, long start, int jobs, Duration time)
      throws IOException, InterruptedException {
    boolean reads = load.reads;
    int blockBytes = load.blockBytes;
    int depth = load.depth / jobs;
    long part = bytes / jobs / blockBytes * blockBytes;
    List<String> command =
        List.of(
            "fio",
            "--name=limit",
            "--filename=" + device,
            "--ioengine=io_uring",
            "--direct=1",
            "--thread",
            "--group_reporting",
            "--norandommap",
            "--randrepeat=0",
            "--rw=" + (reads ? "randread" : "write"),
            "--bs=" + blockBytes,
            "--iodepth=" + depth,
            "--numjobs=" + jobs,
            "--offset=" + start,
            "--offset_increment=" + part,
            "--size=" + part,
            "--time_based",
            "--runtime=" + time.toMillis() + "ms",
            "--iomem=mmaphuge",
            "--output-format=json");
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new IOException(String.join(" ", command) + " failed: " + output);
    }
    JsonNode job = JSON.readTree(output.substring(output.indexOf('{'))).path("jobs").path(0);
    double rate = job.path(reads ? "read" : "write").path("bw_bytes").asDouble();
    if (rate <= 0) {
      throw new IOException(String.join(" ", command) + " measured nothing: " + output);
    }
    return rate;
  }
}
