package io.larder.system.redis;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.larder.testing.Patience;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.HostAndPort;

/** Debian's redis-cli, a process a call; values go in and out by files. */
final class RedisCliPeer implements OrdinaryClient {
  private final Path dir;
  private final List<String> command;

  /**
   * Nothing runs yet.
   *
   * @param dir for the values
   * @param flags such as {@code -c}, which follows the slot table
   */
  RedisCliPeer(HostAndPort node, Path dir, String... flags) {
    this.dir = dir;
    this.command =
        new ArrayList<>(
            List.of("redis-cli", "-h", node.getHost(), "-p", String.valueOf(node.getPort())));
    command.addAll(List.of(flags));
  }

  /** Runs a program of Redis's; what it wrote. */
  static byte[] run(Path dir, byte[] input, List<String> command)
      throws IOException, InterruptedException {
    Path in = Files.write(Files.createTempFile(dir, "in", ""), input);
    Path out = Files.createTempFile(dir, "out", "");
    Process process =
        new ProcessBuilder(command)
            .redirectInput(in.toFile())
            .redirectOutput(out.toFile())
            .redirectErrorStream(true)
            .start();
    try {
      Patience.await(process);
      byte[] output = Files.readAllBytes(out);
      assertThat(process.exitValue()).as("%s: %s", command, shortened(output)).isZero();
      return output;
    } finally {
      process.destroyForcibly();
      Files.delete(in);
      Files.delete(out);
    }
  }

  private static String shortened(byte[] output) {
    return new String(output, 0, Math.min(output.length, 500), UTF_8);
  }

  private byte[] cli(byte[] input, String... arguments) throws IOException, InterruptedException {
    List<String> whole = new ArrayList<>(command);
    whole.addAll(List.of(arguments));
    return run(dir, input, whole);
  }

  private String ask(String... arguments) throws IOException, InterruptedException {
    return new String(cli(new byte[0], arguments), UTF_8).strip();
  }

  /** The end of a line follows each value; alone it stands for none. */
  private static byte @Nullable [] valueOf(byte[] output) {
    return output.length == 1 ? null : Arrays.copyOf(output, output.length - 1);
  }

  @Override
  public String set(String key, byte[] value) throws Exception {
    return new String(cli(value, "-x", "set", key), UTF_8).strip();
  }

  @Override
  public String setForSeconds(String key, byte[] value, int seconds) throws Exception {
    return ask("set", key, new String(value, ISO_8859_1), "EX", String.valueOf(seconds));
  }

  @Override
  public byte @Nullable [] get(String key) throws Exception {
    return valueOf(cli(new byte[0], "get", key));
  }

  @Override
  public List<byte @Nullable []> mget(List<String> keys) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("mget"));
    arguments.addAll(keys);
    return lines(cli(new byte[0], arguments.toArray(String[]::new)));
  }

  private static List<byte @Nullable []> lines(byte[] output) {
    List<byte @Nullable []> values = new ArrayList<>();
    for (String line : new String(output, ISO_8859_1).split("(?<=\n)", -1)) {
      if (!line.isEmpty()) {
        values.add(valueOf(line.getBytes(ISO_8859_1)));
      }
    }
    return values;
  }

  @Override
  public long exists(String key) throws Exception {
    return Long.parseLong(ask("exists", key));
  }

  @Override
  public long del(String key) throws Exception {
    return Long.parseLong(ask("del", key));
  }

  @Override
  public long ttlSeconds(String key) throws Exception {
    return Long.parseLong(ask("ttl", key));
  }

  @Override
  public int pipelineSets(Map<String, byte[]> values) throws Exception {
    ByteArrayOutputStream requests = new ByteArrayOutputStream();
    values.forEach((key, value) -> {
      requests.writeBytes(
          "*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$%d\r\n"
              .formatted(key.length(), key, value.length)
              .getBytes(UTF_8));
      requests.writeBytes(value);
      requests.writeBytes("\r\n".getBytes(UTF_8));
    });
    String report = new String(cli(requests.toByteArray(), "--pipe"), UTF_8);
    assertThat(report).contains("errors: 0, replies: " + values.size());
    return values.size();
  }

  @Override
  public List<byte @Nullable []> pipelineGets(List<String> keys) throws Exception {
    StringBuilder requests = new StringBuilder();
    keys.forEach(key -> requests.append("get ").append(key).append('\n'));
    return lines(cli(requests.toString().getBytes(UTF_8)));
  }

  @Override
  public void close() {}
}
