package io.larder.system.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.larder.testing.Patience;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.AbstractPipeline;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.RedisClusterClient;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.Response;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.params.SetParams;

/** Jedis with RESP3, with one node or with the slot table. */
final class JedisPeer implements OrdinaryClient {
  private final UnifiedJedis jedis;

  private JedisPeer(UnifiedJedis jedis) {
    this.jedis = jedis;
  }

  private static JedisClientConfig config() {
    return DefaultJedisClientConfig.builder()
        .protocol(RedisProtocol.RESP3)
        .timeoutMillis(Patience.limitMs())
        .build();
  }

  static JedisPeer standalone(HostAndPort node) {
    return new JedisPeer(RedisClient.builder().hostAndPort(node).clientConfig(config()).build());
  }

  static JedisPeer cluster(List<HostAndPort> nodes) {
    return new JedisPeer(
        RedisClusterClient.builder().nodes(new HashSet<>(nodes)).clientConfig(config()).build());
  }

  private static byte[] bytes(String key) {
    return key.getBytes(UTF_8);
  }

  @Override
  public String set(String key, byte[] value) {
    return jedis.set(bytes(key), value);
  }

  @Override
  public String setForSeconds(String key, byte[] value, int seconds) {
    return jedis.set(bytes(key), value, SetParams.setParams().ex(seconds));
  }

  @Override
  public byte @Nullable [] get(String key) {
    return jedis.get(bytes(key));
  }

  @Override
  public List<byte @Nullable []> mget(List<String> keys) {
    return new ArrayList<byte @Nullable []>(
        jedis.mget(keys.stream().map(JedisPeer::bytes).toArray(byte[][]::new)));
  }

  @Override
  public long exists(String key) {
    return jedis.exists(bytes(key)) ? 1 : 0;
  }

  @Override
  public long del(String key) {
    return jedis.del(bytes(key));
  }

  @Override
  public long ttlSeconds(String key) {
    return jedis.ttl(bytes(key));
  }

  @Override
  public int pipelineSets(Map<String, byte[]> values) {
    List<Response<String>> answers = new ArrayList<>();
    try (AbstractPipeline pipeline = jedis.pipelined()) {
      values.forEach((key, value) -> answers.add(pipeline.set(bytes(key), value)));
      pipeline.sync();
    }
    return (int) answers.stream().filter(answer -> answer.get().equals("OK")).count();
  }

  @Override
  public List<byte @Nullable []> pipelineGets(List<String> keys) {
    List<Response<byte[]>> answers = new ArrayList<>();
    try (AbstractPipeline pipeline = jedis.pipelined()) {
      keys.forEach(key -> answers.add(pipeline.get(bytes(key))));
      pipeline.sync();
    }
    List<byte @Nullable []> values = new ArrayList<>();
    answers.forEach(answer -> values.add(answer.get()));
    return values;
  }

  @Override
  public void close() {
    jedis.close();
  }
}
