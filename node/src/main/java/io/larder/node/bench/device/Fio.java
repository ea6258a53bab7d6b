package io.larder.node.bench.device;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * fio, the measure of what a device can do: io_uring, direct, from and into {@link HugePages} as
 * the store does, and the better of one and two jobs.
 */
public final class Fio {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path device;
  private final long start;
  private final long bytes;

  /**
   * @param pages that are reserved for it
   * @param start of the part of the device that fio may write to
   * @param bytes of that part
   */
  public Fio(HugePages pages, Path device, long start, long bytes) {
    if (!pages.areReserved()) {
      throw new IllegalArgumentException("fio without huge pages measures nothing");
    }
    this.device = device;
    this.start = start;
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

  /** Bytes a second of sequential writes or random reads; the better of one and two jobs. */
  public double bytesPerSecond(boolean reads, int blockBytes, int depth, Duration time)
      throws IOException, InterruptedException {
    double one = run(reads, blockBytes, depth, 1, time);
    return depth == 1 ? one : Math.max(one, run(reads, blockBytes, depth / 2, 2, time));
  }

  private double run(boolean reads, int blockBytes, int depth, int jobs, Duration time)
      throws IOException, InterruptedException {
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
