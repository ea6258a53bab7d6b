package io.larder.system.cluster;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.management.ThreadMXBean;
import java.io.EOFException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * How much a real node leaves to the garbage collector, by the JVM's own count for its threads.
 * What these do at intervals counts too, and for more when the machine is slow: so it is measured
 * until one measurement keeps the bound.
 */
@Tag("integration")
class AllocationIT {
  private static final int MIB = 1 << 20;
  private static final int ROUNDS = 10;
  private static final int OPERATIONS = 50;

  /** What each further MiB may cost: nothing but its place in a few arrays. */
  private static final long GET_GROWTH_BYTES_MAX = 64;

  /** As above, and the two submissions that bring it onto the device. */
  private static final long SET_GROWTH_BYTES_MAX = 1_024;

  private static final int SMALL_BYTES = 4096;

  /** A GET's request, key, answer and place in the queue of replies; none of its value. */
  private static final long GET_BYTES_MAX = 1_024;

  private static final long EXISTS_BYTES_MAX = 512;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private static final List<String> SERVING =
      List.of("larder-io", "larder-device", "larder-control");

  @TempDir static Path dir;

  private static TestCluster cluster;

  @BeforeAll
  static void start() throws IOException {
    cluster = new TestCluster(dir, 1);
  }

  @AfterAll
  static void stop() throws IOException {
    cluster.close();
  }

  @Test
  void aLargerValueLeavesNoMoreGarbage() throws IOException {
    try (Wire wire = new Wire(cluster.node(0).port())) {
      wire.set("hot-1", MIB);
      wire.set("hot-4", 4 * MIB);
      AtomicInteger fresh = new AtomicInteger();
      await()
          .untilAsserted(() ->
              compare(
                  "GET",
                  GET_GROWTH_BYTES_MAX,
                  () -> wire.get("hot-1", MIB),
                  () -> wire.get("hot-4", 4 * MIB)));
      await()
          .untilAsserted(() ->
              compare(
                  "SET",
                  SET_GROWTH_BYTES_MAX,
                  () -> wire.set("small-" + fresh.incrementAndGet(), MIB),
                  () -> wire.set("large-" + fresh.incrementAndGet(), 4 * MIB)));
    }
  }

  @Test
  void aSmallReadLeavesNoMoreThanItsArgumentsAndItsReply() throws IOException {
    try (Wire wire = new Wire(cluster.node(0).port())) {
      wire.set("little", SMALL_BYTES);
      await()
          .untilAsserted(() ->
              assertThat(least(() -> wire.get("little", SMALL_BYTES))).isLessThan(GET_BYTES_MAX));
      await()
          .untilAsserted(
              () -> assertThat(least(() -> wire.exists("little"))).isLessThan(EXISTS_BYTES_MAX));
    }
  }

  private static long least(Operation operation) throws IOException {
    long least = Long.MAX_VALUE;
    for (int round = 0; round < ROUNDS; round++) {
      least = Math.min(least, perOperation(operation));
    }
    return least;
  }

  /**
   * In turns, so that what else a node does now and then falls on both; the least of each counts.
   */
  private static void compare(String what, long growthBytesMax, Operation one, Operation four)
      throws IOException {
    long leastOfOne = Long.MAX_VALUE;
    long leastOfFour = Long.MAX_VALUE;
    for (int round = 0; round < ROUNDS; round++) {
      leastOfOne = Math.min(leastOfOne, perOperation(one));
      leastOfFour = Math.min(leastOfFour, perOperation(four));
    }
    assertThat((leastOfFour - leastOfOne) / 3)
        .as("%s: 1 MiB leaves %d bytes, 4 MiB %d", what, leastOfOne, leastOfFour)
        .isLessThan(growthBytesMax);
  }

  private interface Operation {
    void run() throws IOException;
  }

  private static long perOperation(Operation operation) throws IOException {
    long before = allocated();
    for (int i = 0; i < OPERATIONS; i++) {
      operation.run();
    }
    return (allocated() - before) / OPERATIONS;
  }

  /**
   * By the threads that serve requests; heartbeats and the cluster's other parts have their own.
   */
  private static long allocated() {
    long sum = 0;
    for (ThreadInfo thread : THREADS.getThreadInfo(THREADS.getAllThreadIds())) {
      if (thread != null && SERVING.stream().anyMatch(thread.getThreadName()::startsWith)) {
        sum += THREADS.getThreadAllocatedBytes(thread.getThreadId());
      }
    }
    return sum;
  }

  /** A connection that reuses its buffers. */
  private static final class Wire implements AutoCloseable {
    private final SocketChannel channel;
    private final ByteBuffer value = ByteBuffer.allocateDirect(5 * MIB);
    private final ByteBuffer small = ByteBuffer.allocateDirect(256);

    Wire(int port) throws IOException {
      channel = SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    }

    void get(String key, int length) throws IOException {
      String head = "$" + length + "\r\n";
      send("*2\r\n$3\r\nGET\r\n$" + key.length() + "\r\n" + key + "\r\n");
      receive(head.length() + length + 2);
      assertThat(US_ASCII.decode(value.slice(0, head.length())).toString()).isEqualTo(head);
    }

    void exists(String key) throws IOException {
      send("*2\r\n$6\r\nEXISTS\r\n$" + key.length() + "\r\n" + key + "\r\n");
      receive(4);
      assertThat(US_ASCII.decode(value.slice(0, 4)).toString()).isEqualTo(":1\r\n");
    }

    void set(String key, int length) throws IOException {
      send("*3\r\n$3\r\nSET\r\n$" + key.length() + "\r\n" + key + "\r\n$" + length + "\r\n");
      write(value.clear().limit(length));
      send("\r\n");
      receive(5);
      assertThat(US_ASCII.decode(value.slice(0, 5)).toString()).isEqualTo("+OK\r\n");
    }

    private void send(String text) throws IOException {
      write(small.clear().put(text.getBytes(US_ASCII)).flip());
    }

    private void write(ByteBuffer bytes) throws IOException {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    }

    private void receive(int length) throws IOException {
      value.clear().limit(length);
      while (value.hasRemaining()) {
        if (channel.read(value) < 0) {
          throw new EOFException("the node has closed the connection");
        }
      }
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
