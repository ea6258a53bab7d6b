package io.larder.node.server;

import static io.larder.node.server.ServerHarness.randomBytes;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.larder.node.server.ServerConfig.Transport;
import io.larder.testing.Need;
import io.larder.testing.Needs;
import io.larder.testing.Patience;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SetArgs;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Response;
import redis.clients.jedis.Transaction;
import redis.clients.jedis.params.SetParams;

/** The clients that must work as they are. */
class ClientsTest {
  private static final int BIG_BYTES = 64 << 20;

  @ParameterizedTest
  @EnumSource(
      value = Transport.class,
      names = {"EPOLL", "NIO", "IO_URING"})
  void bigValuesComeBackThroughLettuceOnEveryTransport(Transport transport) throws Exception {
    try (ServerHarness node =
        new ServerHarness(ServerHarness.config().withTransport(transport), 512L << 20)) {
      RedisClient client =
          RedisClient.create(
              RedisURI.builder()
                  .withHost("127.0.0.1")
                  .withPort(node.port())
                  .withTimeout(Patience.limit())
                  .build());
      try (StatefulRedisConnection<byte[], byte[]> connection =
          client.connect(ByteArrayCodec.INSTANCE)) {
        byte[] big = randomBytes(BIG_BYTES, 6);
        byte[] odd = randomBytes((3 << 20) + 4097, 7);
        assertThat(connection.sync().set(bytes("big"), big)).isEqualTo("OK");
        List<RedisFuture<?>> pipelined = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
          pipelined.add(connection.async().set(bytes("odd" + i), odd));
          pipelined.add(connection.async().exists(bytes("odd" + i)));
        }
        for (RedisFuture<?> future : pipelined) {
          assertThat(Patience.get(future)).isIn("OK", 1L);
        }
        assertThat(connection.sync().get(bytes("big"))).isEqualTo(big);
        assertThat(connection.sync().mget(bytes("odd0"), bytes("none"), bytes("odd19")))
            .satisfies(found -> {
              assertThat(found.get(0).getValue()).isEqualTo(odd);
              assertThat(found.get(1).hasValue()).isFalse();
              assertThat(found.get(2).getValue()).isEqualTo(odd);
            });
        assertThat(connection.sync().set(bytes("odd0"), odd, SetArgs.Builder.nx())).isNull();
        assertThat(connection.sync().strlen(bytes("big"))).isEqualTo(BIG_BYTES);
      } finally {
        client.shutdown(0, 1, TimeUnit.SECONDS);
      }
    }
  }

  @Test
  void bigValuesComeBackThroughJedis() throws Exception {
    try (ServerHarness node = new ServerHarness(ServerHarness.config(), 256L << 20);
        Jedis jedis = new Jedis("127.0.0.1", node.port(), Patience.limitMs())) {
      byte[] big = randomBytes(BIG_BYTES, 8);
      assertThat(jedis.set(bytes("big"), big)).isEqualTo("OK");
      assertThat(jedis.get(bytes("big"))).isEqualTo(big);
      assertThat(jedis.set("t", "v", SetParams.setParams().ex(10_000))).isEqualTo("OK");
      assertThat(jedis.ttl("t")).isBetween(9_000L, 10_000L);
      assertThat(jedis.del("big", "t", "none")).isEqualTo(2);
      assertThat(jedis.info("replication")).contains("role:master");
    }
  }

  /** Jedis's default transaction, and what redis-py's default pipeline sends. */
  @Test
  void transactionsRunThroughJedisAndLettuce() throws Exception {
    try (ServerHarness node = new ServerHarness(ServerHarness.config(), 512L << 20);
        Jedis jedis = new Jedis("127.0.0.1", node.port())) {
      byte[] value = randomBytes(4 << 20, 9);
      Transaction transaction = jedis.multi();
      List<Response<byte[]>> read = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        transaction.set(bytes("multi" + i), value);
        read.add(transaction.get(bytes("multi" + i)));
      }
      assertThat(transaction.exec()).hasSize(32);
      assertThat(read).allSatisfy(answer -> assertThat(answer.get()).isEqualTo(value));

      RedisClient client = RedisClient.create(RedisURI.create("127.0.0.1", node.port()));
      try (StatefulRedisConnection<byte[], byte[]> connection =
          client.connect(ByteArrayCodec.INSTANCE)) {
        assertThat(connection.sync().multi()).isEqualTo("OK");
        RedisFuture<byte[]> found = connection.async().get(bytes("multi7"));
        RedisFuture<Long> deleted = connection.async().del(bytes("multi7"), bytes("none"));
        assertThat(connection.sync().exec().wasDiscarded()).isFalse();
        assertThat(found.get(20, TimeUnit.SECONDS)).isEqualTo(value);
        assertThat(deleted.get(20, TimeUnit.SECONDS)).isEqualTo(1);
      } finally {
        client.shutdown(0, 1, TimeUnit.SECONDS);
      }
    }
  }

  @Test
  @Needs(Need.REDIS_TOOLS)
  void redisCliAndRedisBenchmarkRunWithoutAnError() throws Exception {
    try (ServerHarness node = new ServerHarness(ServerHarness.config(), 256L << 20)) {
      String port = String.valueOf(node.port());
      assertThat(run("redis-cli", "-p", port, "set", "k", "v")).isEqualTo("OK\n");
      assertThat(run("redis-cli", "-3", "-p", port, "get", "k")).isEqualTo("v\n");
      assertThat(run("redis-cli", "-p", port, "command", "count").strip()).matches("\\d+");
      assertThat(run("redis-cli", "-c", "-p", port, "get", "k")).isEqualTo("v\n");
      for (String test : new String[] {"set", "get", "ping"}) {
        String report =
            run(
                "redis-benchmark",
                "-p",
                port,
                "-t",
                test,
                "-r",
                "1000",
                "-n",
                "5000",
                "-c",
                "20",
                "-d",
                "4096",
                "-P",
                "8",
                "--csv");
        assertThat(report).contains("\"" + test.toUpperCase(Locale.ROOT));
        assertThat(report).doesNotContainIgnoringCase("error");
      }
    }
  }

  /** Runs a program of Redis's, which the tests need on the PATH. */
  private static String run(String... command) throws IOException, InterruptedException {
    File out = File.createTempFile("larder", ".out");
    try {
      Process process =
          new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out).start();
      try {
        Patience.await(process);
      } finally {
        process.destroyForcibly();
      }
      return Files.readString(out.toPath());
    } finally {
      assertThat(out.delete()).isTrue();
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }
}
