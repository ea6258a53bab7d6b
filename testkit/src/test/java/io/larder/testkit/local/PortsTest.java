package io.larder.testkit.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PortsTest {
  @TempDir Path dir;

  private static ServerSocket listener(int port) throws IOException {
    return new ServerSocket(port, 1, InetAddress.getLoopbackAddress());
  }

  @Test
  void aPortIsReservedForOneClusterUntilItGivesItBackThoughNobodyListensYet() throws IOException {
    try (Ports one = new Ports();
        Ports other = new Ports()) {
      int port = one.any();
      assertThat(other.reserve(port)).isFalse();
      try (ServerSocket child = listener(port)) {
        assertThat(child.isBound()).as("the child that it is reserved for may listen").isTrue();
      }
      assertThat(other.reserve(port)).as("its child may come back").isFalse();
      one.close();
      assertThat(other.reserve(port)).isTrue();
    }
  }

  @Test
  void aPortThatSomebodyListensOnIsNotReserved() throws IOException {
    try (ServerSocket taken = listener(0);
        Ports ports = new Ports()) {
      assertThat(ports.reserve(taken.getLocalPort())).isFalse();
    }
  }

  @Test
  void manyWhoChooseAtOnceNeverGetOnePortTwice() throws Exception {
    List<Ports> clusters = IntStream.range(0, 8).mapToObj(_ -> new Ports()).toList();
    int base;
    try (Ports free = new Ports()) {
      base = free.any();
    }
    try (ExecutorService threads = Executors.newCachedThreadPool()) {
      List<Callable<Boolean>> all =
          clusters.stream().map(ports -> (Callable<Boolean>) () -> ports.reserve(base)).toList();
      int got = 0;
      for (var reserved : threads.invokeAll(all)) {
        got += reserved.get() ? 1 : 0;
      }
      assertThat(got).isLessThanOrEqualTo(1);
    } finally {
      clusters.forEach(Ports::close);
    }
  }

  private ClusterFolder folder() throws LocalClusterException {
    return ClusterFolder.open(dir);
  }

  private static List<Integer> chosen(PortPlan plan) throws IOException {
    List<Integer> ports =
        List.of(plan.zooKeeper(), plan.coordinator(1), plan.node(1), plan.nodeHttp(1));
    plan.keep();
    return ports;
  }

  @Test
  void aSecondStartInAFolderGetsTheSamePorts() throws IOException {
    List<Integer> before;
    try (ClusterFolder folder = folder();
        Ports ports = new Ports()) {
      before = chosen(PortPlan.of(PortPreferences.WELL_KNOWN, ports, folder));
    }
    assertThat(new HashSet<>(before)).hasSize(4);
    try (ClusterFolder folder = folder();
        Ports ports = new Ports()) {
      PortPlan plan = PortPlan.of(PortPreferences.WELL_KNOWN, ports, folder);
      assertThat(chosen(plan)).isEqualTo(before);
      assertThat(Set.of(plan.node(2), plan.nodeHttp(2))).doesNotContainAnyElementsOf(before);
    }
  }

  @Test
  void portsAskedForAreTakenKeptAndRefusedIfTheyAreInUse() throws IOException {
    int base;
    try (Ports free = new Ports()) {
      base = free.any();
    }
    PortPreferences preferences = new PortPreferences(true, base, 0, 0);
    try (ClusterFolder folder = folder();
        Ports ports = new Ports()) {
      assertThat(chosen(PortPlan.of(preferences, ports, folder))).contains(base);
    }
    assertThat(PortPlan.read(dir.resolve("ports"))).containsEntry("node-1", base);
    try (ClusterFolder folder = folder();
        Ports ports = new Ports();
        ServerSocket _ = listener(base)) {
      assertThatThrownBy(() -> PortPlan.of(preferences, ports, folder).node(1))
          .hasMessageContaining("--port: port " + base)
          .hasMessageContaining("node-1")
          .hasMessageContaining("another --port");
    }
  }

  @Test
  void aFileOfPortsThatIsNoneIsRefusedByItsLine() throws IOException {
    Files.writeString(dir.resolve("ports"), "node-1=7379\nnode-2=many\n");
    assertThatThrownBy(() -> LocalFolder.look(dir)).hasMessageContaining("node-2=many");
  }
}
