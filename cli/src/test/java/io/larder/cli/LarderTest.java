package io.larder.cli;

import static io.larder.cli.CommandRun.larder;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LarderTest {
  @TempDir Path dir;

  @Test
  void anOptionBeforeANodesNameDoesNotSwallowIt() {
    CommandRun ended =
        larder(
            "admin",
            "node",
            "drain",
            "--yes",
            "--wait",
            "node-1",
            "--zookeeper",
            "127.0.0.1:1",
            "--timeout",
            "1");
    assertThat(ended.code()).isEqualTo(4);
    assertThat(ended.err()).contains("no answer from ZooKeeper at 127.0.0.1:1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--help",
        "demo --help",
        "up --help",
        "up restart --help",
        "doctor --help",
        "help",
        "help up",
        "help doctor",
        "node --help",
        "coordinator --help",
        "status --help",
        "probe --help",
        "admin --help",
        "admin nodes --help",
        "admin rebalance apply --help",
        "admin node drain --help",
        "device --help",
        "device format --help",
        "device inspect --help",
        "device verify --help",
        "bench --help",
        "bench trace --help",
        "bench crash --help",
      })
  void everyCommandExplainsItselfOnStandardOutput(String line) {
    CommandRun ended = larder(line.split(" "));
    assertThat(ended.code()).isZero();
    assertThat(ended.out()).startsWith("Usage: larder");
    assertThat(ended.err()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "fly",
        "demo --fast",
        "demo --requests 0",
        "demo --requests many",
        "demo --block-bytes 1XiB",
        "demo --block-bytes 1GiB",
        "demo --device /dev/null",
        "up --nodes 65",
        "up --nodes 0",
        "up --nodes -1",
        "up --port 70000",
        "up --http-port 1",
        "up restart",
        "up restart node-2",
        "doctor --nodes 0",
        "doctor -o xml",
        "node",
        "node --device /dev/null --set listen.prot=1",
        "node --device /dev/null --set listen.port=70000",
        "device",
        "device format",
        "device verify",
        "device format --force --if-empty /dev/null",
        "probe",
        "probe --node nowhere",
        "probe --node localhost:1 --blocks 0",
        "probe --node localhost:1 --block-bytes 1GiB",
        "bench",
        "bench trace",
        "bench trace --file /dev/null --servers 0",
        "bench crash --kills 0",
        "bench crash --dir /nowhere",
      })
  void wrongUsageEndsWithCode2AndSaysWhatIsWrong(String line) {
    CommandRun ended = larder(line.isEmpty() ? new String[0] : line.split(" "));
    assertThat(ended.code()).isEqualTo(2);
    assertThat(ended.out()).isEmpty();
    assertThat(ended.err()).isNotBlank().doesNotContain("this is a bug");
  }

  @Test
  void anUnknownConfigurationKeyIsNamedWithWhatIsAllowed() {
    assertThat(larder("node", "--device", "/dev/null", "--set", "listen.prot=1").err())
        .contains("listen.prot")
        .contains("host, port");
  }

  @Test
  void aDeviceIsFormattedOnceInspectedAndVerified() throws Exception {
    String device = dir.resolve("device").toString();
    CommandRun before = larder("device", "inspect", device);
    assertThat(before.code()).isEqualTo(1);

    CommandRun format =
        larder(
            "device",
            "format",
            "--size",
            "64MiB",
            "--max-value",
            "1MiB",
            "--node-id",
            "n1",
            device);
    assertThat(format.err()).isEmpty();
    assertThat(format.code()).isZero();
    assertThat(format.out()).contains("node n1 of cluster larder");

    CommandRun again = larder("device", "format", device);
    assertThat(again.code()).isEqualTo(1);
    assertThat(again.err()).contains("--force");

    CommandRun inspect = larder("device", "inspect", "--json", device);
    assertThat(inspect.code()).isZero();
    assertThat(inspect.out()).startsWith("{").contains("\"nodeId\" : \"n1\"");
    assertThat(inspect.err()).doesNotContain("larder:");
    assertThat(inspect.out()).contains("\"recordsFromFooters\" : 0");

    CommandRun as = larder("device", "format", "--if-empty", "--json", device);
    assertThat(as.code()).isZero();
    assertThat(as.out()).startsWith("{").contains("\"nodeId\" : \"n1\"");

    CommandRun verify = larder("device", "verify", "--json", device);
    assertThat(verify.code()).isZero();
    assertThat(verify.out()).startsWith("{").contains("\"whole\" : true");
    try (RandomAccessFile file = new RandomAccessFile(device, "rw")) {
      file.seek(64 << 10); // the first superblock
      file.write(1);
    }
    CommandRun damaged = larder("device", "verify", device);
    assertThat(damaged.code()).isEqualTo(3);
    assertThat(damaged.out()).contains("damage: superblocks");
    assertThat(damaged.err()).contains("is damaged");
  }

  @Test
  void formattingIfEmptyLeavesADeviceOfTheClusterAndRefusesAnyOther() throws Exception {
    String device = dir.resolve("device").toString();
    String[] format = {
      "device",
      "format",
      "--if-empty",
      "--cluster",
      "a",
      "--node-id",
      "n1",
      "--size",
      "64MiB",
      device
    };
    assertThat(larder(format).out()).contains("formatted for node n1 of cluster a");
    byte[] content = Files.readAllBytes(Path.of(device));

    CommandRun again = larder(format);
    assertThat(again.code()).isZero();
    assertThat(again.out()).contains("node n1 of cluster a already");

    CommandRun otherNode = larder("device", "format", "--if-empty", "--cluster", "a", device);
    assertThat(otherNode.code()).as("identity follows the device").isZero();

    CommandRun otherCluster = larder("device", "format", "--if-empty", "--cluster", "b", device);
    assertThat(otherCluster.code()).isEqualTo(1);
    assertThat(otherCluster.err()).contains("node n1 of cluster a, not to cluster b");
    assertThat(Files.readAllBytes(Path.of(device))).isEqualTo(content);

    Path foreign = dir.resolve("precious");
    byte[] album = new byte[64 << 20];
    album[1024] = 1;
    Files.write(foreign, album);
    assertThat(larder("device", "format", "--if-empty", foreign.toString()).code()).isEqualTo(1);
    assertThat(Files.readAllBytes(foreign)).isEqualTo(album);
  }

  @Test
  void aProbeOfNothingSaysSoWhenItsTimeIsUp() {
    CommandRun ended = larder("probe", "--node", "127.0.0.1:1", "--timeout", "1");
    assertThat(ended.code()).isEqualTo(4);
    assertThat(ended.out()).isEmpty();
    assertThat(ended.err()).contains("put through 127.0.0.1:1 did not succeed in time");
  }

  @Test
  void aProbeThatReadsOtherBytesFailsAtOnce() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread.ofVirtual()
          .start(() -> {
            while (!server.isClosed()) {
              try {
                answerOnce(server);
              } catch (IOException e) {
                // the other end has gone, or the test is over
              }
            }
          });
      CommandRun ended =
          larder(
              "probe",
              "--node",
              "127.0.0.1:" + server.getLocalPort(),
              "--blocks",
              "1",
              "--block-bytes",
              "8",
              "--timeout",
              "300");
      assertThat(ended.code()).isEqualTo(1);
      assertThat(ended.err()).contains("block 0 read through").contains("other bytes");
    }
  }

  /** Takes whatever is put and brings other bytes. */
  private static void answerOnce(ServerSocket server) throws IOException {
    try (Socket socket = server.accept()) {
      byte[] request = new byte[4096];
      for (int length; (length = socket.getInputStream().read(request)) > 0; ) {
        boolean isRead = new String(request, 0, length, StandardCharsets.US_ASCII).contains("GET");
        String reply = isRead ? "$8\r\n01234567\r\n" : "+OK\r\n";
        socket.getOutputStream().write(reply.getBytes(StandardCharsets.US_ASCII));
      }
    }
  }

  @Test
  void aFileThatIsNotLardersIsRefusedWithTheCommandThatWouldFormatIt() throws Exception {
    Path file = dir.resolve("precious");
    Files.write(file, new byte[16 << 20]);
    Files.writeString(file, "a photo album");
    byte[] content = Files.readAllBytes(file);

    CommandRun inspect = larder("device", "inspect", file.toString());
    assertThat(inspect.code()).isEqualTo(3);
    assertThat(inspect.err()).contains("larder device format");
    CommandRun node = larder("node", "--device", file.toString());
    assertThat(node.code()).isEqualTo(1);
    assertThat(node.err()).contains("larder device format");
    assertThat(Files.readAllBytes(file)).isEqualTo(content);
  }

  @Test
  void upRefusesWhatTheDiskCannotHoldWithNumbersAndARemedy() {
    Path folder = dir.resolve("cluster");
    String[] up = {"up", "--nodes=3", "--device-size=4096TiB", "--dir=" + folder};
    CommandRun ended = larder(up);
    assertThat(ended.code()).isEqualTo(1);
    assertThat(ended.out()).isEmpty();
    assertThat(ended.err())
        .contains("disk: ", "free in " + folder, "3 new device file(s)", "may grow to 12288.0 TiB")
        .contains("--dir", "--device-size ");
    assertThat(folder).doesNotExist();
  }

  @Test
  void theDoctorEndsWithCode3IfUpWouldRefuseAndSaysWhatIsMissing() throws Exception {
    CommandRun ended =
        larder("doctor", "--device-size=4096TiB", "--dir=" + dir, "--memory=64MiB", "-o", "json");
    assertThat(ended.code()).isEqualTo(3);
    JsonNode root = new ObjectMapper().readTree(ended.out());
    assertThat(root.path("fit").asBoolean()).isFalse();
    assertThat(root.path("checks"))
        .anySatisfy(check -> {
          assertThat(check.path("name").asText()).isEqualTo("disk");
          assertThat(check.path("state").asText()).isEqualTo("missing");
          assertThat(check.path("remedy").asText()).contains("--device-size");
        });
    CommandRun table = larder("doctor", "--device-size=64MiB", "--dir=" + dir, "--memory=64MiB");
    assertThat(table.code()).isZero();
    assertThat(table.out()).startsWith("CHECK").contains("\nJDK", "\nio_uring", "\nDocker");
  }

  @Test
  void aRestartWhereNoClusterRunsSaysHowToStartOne() {
    CommandRun ended = larder("up", "restart", "node-2", "--dir", dir.toString());
    assertThat(ended.code()).isEqualTo(1);
    assertThat(ended.err()).contains("no cluster of yours runs in " + dir, "./larder up --dir");
  }

  @Test
  void aNodeWhosePortIsInUseIsRefusedByItsKey() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      CommandRun ended =
          larder(
              "node",
              "--device=" + dir.resolve("device"),
              "--host=127.0.0.1",
              "--port=" + taken.getLocalPort(),
              "--http-port=0");
      assertThat(ended.code()).isEqualTo(1);
      assertThat(ended.err()).contains("ports: %d (listen.port)".formatted(taken.getLocalPort()));
    }
  }

  @Test
  void aMissingTraceIsNamed() {
    CommandRun ended = larder("bench", "trace", "--file", dir.resolve("none").toString());
    assertThat(ended.code()).isEqualTo(1);
    assertThat(ended.err()).contains(dir.resolve("none").toString());
  }
}
