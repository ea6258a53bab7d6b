package io.larder.system.redis;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What every Redis client can do, in the words of this test; each kind does it its own way. */
interface OrdinaryClient extends AutoCloseable {
  /** Returns what the server answered. */
  String set(String key, byte[] value) throws Exception;

  String setForSeconds(String key, byte[] value, int seconds) throws Exception;

  byte @Nullable [] get(String key) throws Exception;

  /** Each key's value, in order; the keys share a hash tag, as cluster clients want it. */
  List<byte @Nullable []> mget(List<String> keys) throws Exception;

  long exists(String key) throws Exception;

  long del(String key) throws Exception;

  long ttlSeconds(String key) throws Exception;

  /** Sends every SET before it reads a reply; how many were answered OK. */
  int pipelineSets(Map<String, byte[]> values) throws Exception;

  /** Sends every GET before it reads a reply. */
  List<byte @Nullable []> pipelineGets(List<String> keys) throws Exception;

  @Override
  void close() throws Exception;
}
