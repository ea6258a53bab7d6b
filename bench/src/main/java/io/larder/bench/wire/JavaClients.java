package io.larder.bench.wire;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.larder.bench.Figure;
import io.larder.client.LarderClient;
import io.larder.client.PutOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Jedis;

/** The Java client against Jedis and Lettuce, all on the same node, with values of 4 MiB. */
final class JavaClients {
  private static final int BYTES = 4 << 20;
  private static final int THREADS = 4;
  private static final int KEYS = 32;
  private static final int OPERATIONS = 256;
  private static final double GOAL = 1.2;

  private final Target node;
  private final int rounds;
  private final int warmUps;
  private final AtomicInteger fresh = new AtomicInteger();
  private final byte[] value = new byte[BYTES];

  /**
   * @param warmUps rounds of both sides before those that count: a client's code is compiled after
   *     about 3 GiB, and costs three times as much until then
   */
  JavaClients(Target node, int rounds, int warmUps) {
    this.node = node;
    this.rounds = rounds;
    this.warmUps = warmUps;
    ThreadLocalRandom.current().nextBytes(value);
  }

  /** Whether this distribution has the rivals. */
  static boolean arePresent() {
    try {
      Class.forName("redis.clients.jedis.Jedis", false, JavaClients.class.getClassLoader());
      Class.forName("io.lettuce.core.RedisClient", false, JavaClients.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException e) {
      return false;
    }
  }

  /** One thread's client. */
  private interface Client extends Load.Connection {
    /** Reads a value; returns its length, or -1 on a miss. */
    long get(byte[] key) throws IOException;

    void set(byte[] key) throws IOException;

    @Override
    default void run(int operation) {}
  }

  List<Figure> run() throws IOException, InterruptedException {
    List<Figure> figures = new ArrayList<>();
    try (LarderClient larder =
            LarderClient.builder()
                .localNode(node.host() + ":" + node.port())
                .connections(THREADS)
                .ioThreads(2)
                .build();
        RedisClient lettuce = RedisClient.create(RedisURI.create(node.host(), node.port()))) {
      try (Client loader = ofJedis()) {
        for (int i = 0; i < KEYS; i++) {
          loader.set(hot(i));
        }
      }
      figures.addAll(gets("javaGetToJedis", larder, this::ofJedis));
      figures.addAll(gets("javaGetToLettuce", larder, () -> ofLettuce(lettuce)));
      figures.addAll(sets("javaSetToJedis", larder, this::ofJedis));
      figures.addAll(sets("javaSetToLettuce", larder, () -> ofLettuce(lettuce)));
    }
    return figures;
  }

  private interface Maker {
    Client make();
  }

  private List<Figure> gets(String name, LarderClient larder, Maker rival)
      throws IOException, InterruptedException {
    return compare(
        name,
        larder,
        rival,
        (client, i) -> {
          if (client.get(hot(i % KEYS)) != BYTES) {
            throw new IOException("a key that was written is not read: the run is void");
          }
        });
  }

  private List<Figure> sets(String name, LarderClient larder, Maker rival)
      throws IOException, InterruptedException {
    return compare(
        name,
        larder,
        rival,
        (client, _) -> client.set(("java:" + fresh.incrementAndGet()).getBytes(US_ASCII)));
  }

  private interface Operation {
    void on(Client client, int number) throws IOException;
  }

  private List<Figure> compare(String name, LarderClient larder, Maker rival, Operation operation)
      throws IOException, InterruptedException {
    for (int i = 0; i < warmUps; i++) {
      rate(() -> ofLarder(larder), operation);
      rate(rival, operation);
    }
    return RateComparison.run(
        name,
        "GB/s",
        rounds,
        GOAL,
        () -> rate(() -> ofLarder(larder), operation),
        () -> rate(rival, operation));
  }

  private static double rate(Maker maker, Operation operation)
      throws IOException, InterruptedException {
    double seconds =
        Load.seconds(
            THREADS,
            OPERATIONS,
            () -> {
              Client client = maker.make();
              return new Load.Connection() {
                @Override
                public void run(int number) throws IOException {
                  operation.on(client, number);
                }

                @Override
                public void close() throws IOException {
                  client.close();
                }
              };
            });
    return (double) OPERATIONS * BYTES / seconds / 1e9;
  }

  private static byte[] hot(int number) {
    return ("java-hot:" + number).getBytes(US_ASCII);
  }

  private Client ofLarder(LarderClient larder) {
    ByteBuffer into = ByteBuffer.allocateDirect(BYTES);
    ByteBuffer from = ByteBuffer.allocateDirect(BYTES).put(value).flip();
    return new Client() {
      @Override
      public long get(byte[] key) {
        return larder.blocking().getInto(key, into.clear()).isPresent() ? into.position() : -1;
      }

      @Override
      public void set(byte[] key) {
        larder.blocking().put(key, from.duplicate(), PutOptions.NONE);
      }

      @Override
      public void close() {}
    };
  }

  private Client ofJedis() {
    Jedis jedis = new Jedis(node.host(), node.port());
    return new Client() {
      @Override
      public long get(byte[] key) {
        byte @Nullable [] found = jedis.get(key);
        return found == null ? -1 : found.length;
      }

      @Override
      public void set(byte[] key) {
        jedis.set(key, value);
      }

      @Override
      public void close() {
        jedis.close();
      }
    };
  }

  private Client ofLettuce(RedisClient client) {
    StatefulRedisConnection<byte[], byte[]> connection = client.connect(ByteArrayCodec.INSTANCE);
    return new Client() {
      @Override
      public long get(byte[] key) {
        byte @Nullable [] found = connection.sync().get(key);
        return found == null ? -1 : found.length;
      }

      @Override
      public void set(byte[] key) {
        connection.sync().set(key, value);
      }

      @Override
      public void close() {
        connection.close();
      }
    };
  }
}
