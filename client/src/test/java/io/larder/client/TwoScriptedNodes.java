package io.larder.client;

import static io.larder.client.ScriptedNode.ascii;

import io.larder.testing.Patience;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A client's local node and another, both scripted. */
abstract class TwoScriptedNodes {
  static final byte[] KEY = ascii("key");

  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  ScriptedNode local;
  ScriptedNode other;

  @BeforeEach
  void startNodes() throws IOException {
    local = new ScriptedNode();
    other = new ScriptedNode();
  }

  @AfterEach
  void stopNodes() throws IOException {
    local.close();
    other.close();
  }

  /** Patient, whatever else the machine does. */
  LarderClient.Builder builder() {
    return LarderClient.builder()
        .localNode(local.address())
        .nodes(List.of(other.address()))
        .meterRegistry(meters)
        .connectTimeout(Patience.limit())
        .attemptTimeout(Patience.limit())
        .callTimeout(Patience.limit());
  }

  /** For tests in which a node never answers. */
  LarderClient.Builder impatient() {
    return builder().attemptTimeout(Duration.ofMillis(400)).callTimeout(Duration.ofSeconds(2));
  }

  double count(String meter) {
    return meters.get(meter).counter().count();
  }

  static byte[] bytes(CachedBlock block) {
    ByteBuffer data = block.data();
    byte[] bytes = new byte[data.remaining()];
    data.get(bytes);
    return bytes;
  }
}
