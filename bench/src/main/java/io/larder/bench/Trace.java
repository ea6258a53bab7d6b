package io.larder.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.zip.GZIPInputStream;

/**
 * Requests in the format of the Mooncake traces: one JSON object a line with {@code timestamp},
 * {@code input_length}, {@code output_length} and {@code hash_ids}. Equal ids mean that the two
 * requests share the prefix up to and including that block. Immutable.
 *
 * <p>Source: R. Qin et al., "Mooncake", USENIX FAST 2025; kvcache-ai/Mooncake on GitHub.
 *
 * @param name where the requests come from, for reports
 * @param requests in order of arrival
 */
public record Trace(String name, List<Request> requests) {
  private static final String SLICE = "mooncake-conversation-2000.jsonl.gz";
  private static final ObjectReader LINE = new ObjectMapper().readerFor(Line.class);

  /**
   * One request.
   *
   * @param timestampMs its arrival after the trace's start
   * @param inputTokens tokens of the prompt
   * @param outputTokens tokens generated
   * @param blockIds ids of the prompt's blocks in order
   */
  public record Request(long timestampMs, int inputTokens, int outputTokens, List<Long> blockIds) {}

  private record Line(long timestamp, int input_length, int output_length, List<Long> hash_ids) {}

  public Trace {
    requests = List.copyOf(requests);
  }

  /** The first 2,000 requests of Mooncake's conversation trace, kept in Larder's jar. */
  public static Trace conversationSlice() {
    try (InputStream in = Trace.class.getResourceAsStream(SLICE)) {
      if (in == null) {
        throw new IllegalStateException("the resource " + SLICE + " is missing from the jar");
      }
      return read("Mooncake conversation trace", in, Integer.MAX_VALUE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads a file, plain or gzip.
   *
   * @param maxRequests read no more than this many
   * @throws IOException naming file and line if it cannot be read or is not of that format
   */
  public static Trace read(Path file, int maxRequests) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return read(file.getFileName().toString(), in, maxRequests);
    } catch (TraceFormatException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  /** The trace's first requests, all if there are fewer. */
  public Trace first(int maxRequests) {
    return new Trace(name, requests.subList(0, Math.min(maxRequests, requests.size())));
  }

  /** Blocks looked up when every request is played once. */
  public long lookups() {
    return requests.stream().mapToLong(r -> r.blockIds().size()).sum();
  }

  /** Different blocks. */
  public long distinctBlocks() {
    return requests.stream().flatMap(r -> r.blockIds().stream()).distinct().count();
  }

  /**
   * The part of all lookups that an infinite cache answers when the requests come strictly one
   * after the other: the sum of the longest stored prefixes over the number of lookups.
   */
  public double idealHitRatio() {
    Set<Long> stored = new HashSet<>();
    long hits = 0;
    for (Request request : requests) {
      for (long id : request.blockIds()) {
        if (!stored.contains(id)) {
          break;
        }
        hits++;
      }
      stored.addAll(request.blockIds());
    }
    long lookups = lookups();
    return lookups == 0 ? 0 : (double) hits / lookups;
  }

  private static Trace read(String name, InputStream in, int maxRequests) throws IOException {
    BufferedInputStream buffered = new BufferedInputStream(in);
    buffered.mark(2);
    boolean gzip = buffered.read() == 0x1f && buffered.read() == 0x8b;
    buffered.reset();
    InputStream plain = gzip ? new GZIPInputStream(buffered) : buffered;
    List<Request> requests = new ArrayList<>();
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(plain, StandardCharsets.UTF_8))) {
      int number = 0;
      for (String line = lines.readLine();
          line != null && requests.size() < maxRequests;
          line = lines.readLine()) {
        number++;
        if (!line.isBlank()) {
          requests.add(parse(line, number));
        }
      }
    }
    return new Trace(name, requests);
  }

  private static Request parse(String line, int number) throws TraceFormatException {
    Line parsed;
    try {
      parsed = LINE.readValue(line);
    } catch (JsonProcessingException e) {
      throw new TraceFormatException("line " + number + ": " + e.getOriginalMessage(), e);
    }
    if (parsed.hash_ids == null || parsed.hash_ids.contains(null)) {
      throw new TraceFormatException(
          "line " + number + ": no hash_ids; expected a list of block ids", null);
    }
    return new Request(
        parsed.timestamp, parsed.input_length, parsed.output_length, List.copyOf(parsed.hash_ids));
  }
}
