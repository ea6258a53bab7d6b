package io.larder.system.cluster;

import static io.larder.system.cluster.TestCluster.value;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.larder.testing.Patience;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;

/**
 * A real node whose memory is all taken, by clients that take their time and by ones that do not.
 */
@Tag("integration")
class MemoryLimitIT {
  private static final int BIG_BYTES = 24 << 20;
  private static final int STALLED_READS = 4;
  private static final int STALLED_PUTS = 5;
  private static final int WAITING_PUTS = 8;

  @TempDir Path dir;

  @Test
  void halfSentPutsAndSlowReadersKeepNobodyElseFromFinishing() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 1);
        ExecutorService threads = Executors.newCachedThreadPool()) {
      int port = cluster.node(0).port();
      try (Jedis node = cluster.connect(0)) {
        for (int i = 0; i < STALLED_READS; i++) {
          node.set(key("read", i), value(BIG_BYTES, i));
        }
        node.set(key("small", 0), value(4096, 0));
      }
      List<Socket> readers = new ArrayList<>();
      List<Socket> writers = new ArrayList<>();
      for (int i = 0; i < STALLED_READS; i++) {
        readers.add(stall(port, "*2\r\n$3\r\nGET\r\n$6\r\nread-" + i + "\r\n"));
      }
      for (int i = 0; i < STALLED_PUTS; i++) {
        String head = "*3\r\n$3\r\nSET\r\n$6\r\nhalf-" + i + "\r\n$" + BIG_BYTES + "\r\n";
        writers.add(stall(port, head + "x".repeat(1 << 20)));
      }
      long held = (long) (STALLED_READS + STALLED_PUTS) * BIG_BYTES;
      await().until(() -> cluster.metric(0, "larder_memory_used_bytes") >= held);

      AtomicBoolean over = new AtomicBoolean();
      AtomicInteger reads = new AtomicInteger();
      List<Future<?>> small =
          List.of(
              threads.submit(() -> readUntil(cluster, over, reads)),
              threads.submit(() -> writeUntil(cluster, over)));
      await().until(() -> reads.get() > 0); // while all the memory is held
      assertThat(cluster.metric(0, "larder_memory_used_bytes"))
          .isGreaterThanOrEqualTo((double) held);
      List<Future<String>> waiting = new ArrayList<>();
      for (int i = 0; i < WAITING_PUTS; i++) {
        int number = i;
        waiting.add(threads.submit(() -> put(cluster, key("waits", number), number)));
      }
      for (Future<String> each : waiting) {
        assertThat(Patience.get(each)).isEqualTo("OK");
      }
      over.set(true);
      for (Future<?> each : small) {
        Patience.get(each);
      }
      for (Socket socket : writers) {
        expectClosed(socket);
      }
      for (int i = 0; i < STALLED_READS; i++) {
        expectValueOrEnd(readers.get(i), value(BIG_BYTES, i));
      }
      try (Jedis node = cluster.connect(0)) {
        for (int i = 0; i < WAITING_PUTS; i++) {
          assertThat(node.get(key("waits", i))).isEqualTo(value(BIG_BYTES, i));
        }
        for (int i = 0; i < STALLED_READS; i++) {
          assertThat(node.get(key("read", i))).isEqualTo(value(BIG_BYTES, i));
        }
        for (int i = 0; i < STALLED_PUTS; i++) {
          assertThat(node.exists(key("half", i))).isFalse();
        }
      }
      // What is left is the hot tier's, which is half.
      await()
          .untilAsserted(() ->
              assertThat(cluster.metric(0, "larder_memory_used_bytes"))
                  .isLessThanOrEqualTo((128 << 20) + (double) (1 << 20)));
    }
  }

  private static byte[] key(String what, int number) {
    return (what + "-" + number).getBytes(UTF_8);
  }

  /** A client that says this and nothing more, and takes nothing of the answer. */
  private static Socket stall(int port, String text) throws IOException {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(16 << 10);
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    socket.getOutputStream().write(text.getBytes(US_ASCII));
    return socket;
  }

  private static String put(TestCluster cluster, byte[] key, int seed) {
    try (Jedis node = cluster.connect(0)) {
      return node.set(key, value(BIG_BYTES, seed));
    }
  }

  private static Void readUntil(TestCluster cluster, AtomicBoolean over, AtomicInteger reads) {
    byte[] expected = value(4096, 0);
    try (Jedis node = cluster.connect(0)) {
      while (!over.get()) {
        assertThat(node.get(key("small", 0))).isEqualTo(expected);
        reads.incrementAndGet();
      }
    }
    return null;
  }

  /** Puts wait their turn for memory, first come first served, and never fail. */
  private static Void writeUntil(TestCluster cluster, AtomicBoolean over) {
    try (Jedis node = cluster.connect(0)) {
      for (int i = 0; !over.get(); i++) {
        assertThat(node.set(key("written", i), value(4096, i))).isEqualTo("OK");
      }
    }
    return null;
  }

  private static void expectClosed(Socket socket) throws IOException {
    try (socket) {
      socket.setSoTimeout(Patience.limitMs());
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
    } catch (SocketException e) {
      assertThat(e).hasMessageContaining("reset");
    }
  }

  /**
   * A reader whose memory nobody needed in the end may go on; one that was in the way was closed.
   */
  private static void expectValueOrEnd(Socket socket, byte[] value) throws IOException {
    try (socket) {
      socket.setSoTimeout(Patience.limitMs());
      int head = ("$" + value.length + "\r\n").length();
      byte[] got = socket.getInputStream().readNBytes(head + value.length);
      int length = Math.max(0, got.length - head);
      assertThat(Arrays.mismatch(got, Math.min(head, got.length), got.length, value, 0, length))
          .isEqualTo(-1);
    } catch (SocketException e) {
      assertThat(e).hasMessageContaining("reset");
    }
  }
}
