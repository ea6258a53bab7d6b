package io.larder.system.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.larder.testing.Patience;
import io.lettuce.core.AbstractRedisClient;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.KeyValue;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SetArgs;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.ClusterTopologyRefreshOptions;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.protocol.ProtocolVersion;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.HostAndPort;

/** Lettuce with RESP3, with one node or with the slot table. */
final class LettucePeer implements OrdinaryClient {
  private static final Duration TIMEOUT = Patience.limit();

  private final AbstractRedisClient client;
  private final RedisClusterAsyncCommands<byte[], byte[]> commands;

  private LettucePeer(
      AbstractRedisClient client, RedisClusterAsyncCommands<byte[], byte[]> commands) {
    this.client = client;
    this.commands = commands;
  }

  private static RedisURI uri(HostAndPort node) {
    return RedisURI.builder()
        .withHost(node.getHost())
        .withPort(node.getPort())
        .withTimeout(TIMEOUT)
        .build();
  }

  static LettucePeer standalone(HostAndPort node) {
    RedisClient client = RedisClient.create(uri(node));
    client.setOptions(ClientOptions.builder().protocolVersion(ProtocolVersion.RESP3).build());
    return new LettucePeer(client, client.connect(ByteArrayCodec.INSTANCE).async());
  }

  /** As Lettuce's own page tells users of a cluster that changes to make it. */
  static LettucePeer cluster(List<HostAndPort> nodes) {
    RedisClusterClient client =
        RedisClusterClient.create(nodes.stream().map(LettucePeer::uri).toList());
    client.setOptions(
        ClusterClientOptions.builder()
            .protocolVersion(ProtocolVersion.RESP3)
            .topologyRefreshOptions(
                ClusterTopologyRefreshOptions.builder()
                    .enablePeriodicRefresh(Duration.ofSeconds(1))
                    .build())
            .build());
    return new LettucePeer(client, client.connect(ByteArrayCodec.INSTANCE).async());
  }

  private static byte[] bytes(String key) {
    return key.getBytes(UTF_8);
  }

  private static <T> T await(RedisFuture<T> future) throws Exception {
    return Patience.get(future);
  }

  @Override
  public String set(String key, byte[] value) throws Exception {
    return await(commands.set(bytes(key), value));
  }

  @Override
  public String setForSeconds(String key, byte[] value, int seconds) throws Exception {
    return await(commands.set(bytes(key), value, SetArgs.Builder.ex(seconds)));
  }

  @Override
  public byte @Nullable [] get(String key) throws Exception {
    return await(commands.get(bytes(key)));
  }

  @Override
  public List<byte @Nullable []> mget(List<String> keys) throws Exception {
    List<byte @Nullable []> values = new ArrayList<>();
    for (KeyValue<byte[], byte[]> each :
        await(commands.mget(keys.stream().map(LettucePeer::bytes).toArray(byte[][]::new)))) {
      values.add(each.hasValue() ? each.getValue() : null);
    }
    return values;
  }

  @Override
  public long exists(String key) throws Exception {
    return await(commands.exists(bytes(key)));
  }

  @Override
  public long del(String key) throws Exception {
    return await(commands.del(bytes(key)));
  }

  @Override
  public long ttlSeconds(String key) throws Exception {
    return await(commands.ttl(bytes(key)));
  }

  @Override
  public int pipelineSets(Map<String, byte[]> values) throws Exception {
    List<RedisFuture<String>> answers = new ArrayList<>();
    values.forEach((key, value) -> answers.add(commands.set(bytes(key), value)));
    int ok = 0;
    for (RedisFuture<String> answer : answers) {
      ok += await(answer).equals("OK") ? 1 : 0;
    }
    return ok;
  }

  @Override
  public List<byte @Nullable []> pipelineGets(List<String> keys) throws Exception {
    List<RedisFuture<byte[]>> answers = new ArrayList<>();
    keys.forEach(key -> answers.add(commands.get(bytes(key))));
    List<byte @Nullable []> values = new ArrayList<>();
    for (RedisFuture<byte[]> answer : answers) {
      values.add(await(answer));
    }
    return values;
  }

  @Override
  public void close() {
    client.shutdown(0, 1, TimeUnit.SECONDS);
  }
}
