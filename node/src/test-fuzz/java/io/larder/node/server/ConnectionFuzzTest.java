package io.larder.node.server;

import static io.larder.node.server.ServerHarness.request;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.Jazzer;
import io.larder.testing.Patience;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A bounded run of Jazzer's coverage-guided fuzzer over a connection: parser, admission, payloads
 * and replies. In a process of its own, since JUnit's own mode runs one fuzz test and skips every
 * other test. A longer run: {@code -Dlarder.fuzz.seconds=3600}.
 */
@Tag("fuzz")
class ConnectionFuzzTest {
  private static final long SECONDS = Long.getLong("larder.fuzz.seconds", 15);
  private static final Pattern DONE = Pattern.compile("Done (\\d+) runs in \\d+ second");
  private static final Pattern COVERAGE = Pattern.compile("cov: (\\d+)");

  private static final List<String> SEEDS =
      List.of(
          request("SET", "k", "v".repeat(40), "PX", "100000", "NX") + request("GET", "k"),
          request("HELLO", "3", "AUTH", "default", "pw", "SETNAME", "me") + "get k\r\nmget a b\r\n",
          request("KV.PUT", "b", "META", "m", "WAIT", "5", "VALUE", "xyz") + request("KV.GET", "b"),
          request("SET", "big", "x".repeat(70_000)) + request("STRLEN", "big"),
          request("KV.LEASE", "2", "a", "b", "WAIT", "1", "TTL", "9") + request("KV.PREFIX", "a"),
          request("DEL", "a", "b") + request("EXISTS", "a", "a") + "set a \"q\\x41\" EX 5\r\n",
          request("CLUSTER", "SLOTS") + request("COMMAND", "DOCS", "GET") + request("PING", "e"),
          request("MULTI") + request("SET", "k", "v") + "get k\r\n" + request("EXEC"),
          request("MULTI") + request("KV.PUT", "b", "VALUE", "xyz") + "nope\r\nexec\r\n",
          "*2\r\n$4\r\nECHO\r\n$-1\r\n",
          request("SET", "k", "v", "KEEPTTL") + request("QUIT") + request("GET", "k"));
  private static final List<String> WORDS =
      List.of(
          "*3\r\n$3\r\n",
          "\r\n$",
          "SET",
          "GET",
          "KV.PUT",
          "KV.GET",
          "VALUE",
          "CRC",
          "TOKEN",
          "MULTI",
          "EXEC");

  @TempDir Path dir;

  @Test
  void noInputThatAFuzzerFindsBreaksAConnection() throws Exception {
    Path corpus = Files.createDirectory(dir.resolve("corpus"));
    for (int i = 0; i < SEEDS.size(); i++) {
      byte[] seed = ("\0\u0007" + SEEDS.get(i)).getBytes(ISO_8859_1);
      Files.write(corpus.resolve("seed-" + i), seed);
    }
    String log = fuzz(corpus);
    assertThat(found(DONE, log).getFirst()).as("inputs tried").isGreaterThan(SEEDS.size());
    List<Long> coverage = found(COVERAGE, log);
    assertThat(coverage.getLast()).as("edges").isGreaterThan(coverage.getFirst());
  }

  private String fuzz(Path corpus) throws IOException, InterruptedException {
    Path dictionary = dir.resolve("words");
    StringBuilder words = new StringBuilder();
    for (String word : WORDS) {
      words.append('"').append(word.replace("\r", "\\x0d").replace("\n", "\\x0a")).append("\"\n");
    }
    Files.writeString(dictionary, words);
    Path log = dir.resolve("log");
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-XX:+EnableDynamicAgentLoading",
            "-ea",
            "-Xmx512m",
            "-cp",
            System.getProperty("java.class.path"),
            Jazzer.class.getName(),
            "--target_class=" + ConnectionFuzz.class.getName(),
            "--instrumentation_includes=io.larder.**",
            // Fails in Netty's own use of Unsafe on Java 25; the input reaches none.
            "--disabled_hooks=com.code_intelligence.jazzer.sanitizers.UnsafeSanitizer",
            "--reproducer_path=" + dir,
            "-artifact_prefix=" + dir + "/",
            "-max_total_time=" + SECONDS,
            "-max_len=4096",
            "-timeout=" + Patience.limit().toSeconds(),
            "-dict=" + dictionary,
            corpus.toString());
    Process process =
        new ProcessBuilder(command)
            .directory(dir.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      boolean ended = process.waitFor(SECONDS + Patience.limit().toSeconds(), TimeUnit.SECONDS);
      assertThat(ended).as("Jazzer ended").isTrue();
    } finally {
      process.destroyForcibly();
    }
    String text = Files.readString(log, UTF_8);
    String end = text.substring(Math.max(0, text.length() - 8_000));
    assertThat(process.exitValue()).as(end).isZero();
    return text;
  }

  private static List<Long> found(Pattern number, String text) {
    List<Long> numbers = new ArrayList<>();
    for (Matcher matcher = number.matcher(text); matcher.find(); ) {
      numbers.add(Long.parseLong(matcher.group(1)));
    }
    return numbers;
  }
}
