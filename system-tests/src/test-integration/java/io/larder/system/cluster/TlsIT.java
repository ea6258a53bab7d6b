package io.larder.system.cluster;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.larder.cli.Larder;
import io.larder.client.CachedBlock;
import io.larder.client.LarderClient;
import io.larder.client.LarderException;
import io.larder.client.PutOptions;
import io.larder.client.PutOutcome;
import io.larder.node.config.NodeConfig;
import io.larder.protocol.Tls;
import io.larder.testing.Need;
import io.larder.testing.Needs;
import io.larder.testing.Patience;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nodes that speak only TLS and want to know who connects: clients, peers and redis-cli. */
@Tag("integration")
class TlsIT {
  @TempDir static Path dir;
  private static TestCluster cluster;
  private static Path authorities;
  private static Path certificate;
  private static Path key;

  @BeforeAll
  static void start() throws Exception {
    X509Bundle authority =
        new CertificateBuilder()
            .subject("CN=Larder's tests")
            .setIsCertificateAuthority(true)
            .buildSelfSigned();
    X509Bundle node =
        new CertificateBuilder()
            .subject("CN=node")
            .addSanIpAddress("127.0.0.1")
            .buildIssuedBy(authority);
    authorities = Files.writeString(dir.resolve("ca.pem"), authority.getRootCertificatePEM());
    certificate = Files.writeString(dir.resolve("node.pem"), node.getCertificatePathPEM());
    key = Files.writeString(dir.resolve("node.key"), node.getPrivateKeyPEM());
    cluster =
        new TestCluster(
            dir,
            2,
            new TestCluster.Options(
                2L << 30,
                64 << 20,
                "secret",
                new NodeConfig.Tls(
                    certificate.toString(), key.toString(), authorities.toString(), true)));
  }

  @AfterAll
  static void stop() {
    cluster.close();
  }

  private static String address(int node) {
    return "127.0.0.1:" + cluster.node(node).port();
  }

  private static LarderClient client(int node, Tls tls) {
    return LarderClient.builder()
        .localNode(address(node))
        .password("secret")
        .tls(tls)
        .attemptTimeout(Patience.limit())
        .callTimeout(Patience.limit())
        .build();
  }

  private static Tls known() throws IOException {
    return Tls.of(authorities, certificate, key);
  }

  @Test
  void whatOneNodeTakesThePeerServes() throws Exception {
    byte[] value = new byte[(9 << 20) + 4711];
    new Random(1).nextBytes(value);
    byte[] name = "tls:large".getBytes(US_ASCII);
    try (LarderClient writer = client(0, known());
        LarderClient reader = client(1, known())) {
      assertThat(writer.blocking().put(name, ByteBuffer.wrap(value), PutOptions.NONE))
          .isEqualTo(PutOutcome.STORED);
      try (CachedBlock found = reader.blocking().get(name).orElseThrow()) {
        assertThat(found.data()).isEqualTo(ByteBuffer.wrap(value));
      }
    }
  }

  @Test
  @Needs(Need.REDIS_TOOLS)
  void redisCliReadsAndWrites() throws Exception {
    assertThat(redisCli(0, "set", "tls:small", "value")).isEqualTo("OK");
    // A peer that is late is a miss, as promised.
    await().untilAsserted(() -> assertThat(redisCli(1, "get", "tls:small")).isEqualTo("value"));
  }

  private static String redisCli(int node, String... words) throws Exception {
    List<String> command =
        new ArrayList<>(List.of("redis-cli", "--tls", "--no-auth-warning", "-a", "secret", "-p"));
    command.add("" + cluster.node(node).port());
    command.addAll(List.of("--cacert", authorities.toString(), "--cert", certificate.toString()));
    command.addAll(List.of("--key", key.toString()));
    command.addAll(List.of(words));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), US_ASCII).strip();
    Patience.await(process);
    return output;
  }

  @Test
  void theProbePutsAndReadsThroughEveryNode() throws Exception {
    Path password = Files.writeString(dir.resolve("password"), "secret");
    int code =
        Larder.run(
            "probe",
            "--timeout=300",
            "--node=" + address(0),
            "--node=" + address(1),
            "--password-file=" + password,
            "--tls-authorities=" + authorities,
            "--tls-certificate=" + certificate,
            "--tls-key=" + key);

    assertThat(code).isZero();
  }

  @Test
  @Needs(Need.REDIS_TOOLS)
  void theAdministratorFindsAKeysHolder() throws Exception {
    assertThat(redisCli(0, "set", "tls:where", "value")).isEqualTo("OK");
    Path password = Files.writeString(dir.resolve("admins-password"), "secret");
    int code =
        Larder.run(
            "admin",
            "key",
            "locate",
            "--timeout=300",
            "--zookeeper=" + cluster.zooKeeperAddress(),
            "--cluster=test",
            "--password-file=" + password,
            "--tls-authorities=" + authorities,
            "--tls-certificate=" + certificate,
            "--tls-key=" + key,
            "tls:where");

    assertThat(code).isZero();
  }

  @Test
  void aClientWithoutACertificateIsAMissAndAFailureNeverAHang() throws Exception {
    byte[] name = "tls:refused".getBytes(US_ASCII);
    try (LarderClient stranger = client(0, Tls.trusting(authorities))) {
      assertThat(stranger.blocking().get(name)).isEmpty();
      assertThatThrownBy(
              () -> stranger.blocking().put(name, ByteBuffer.wrap(new byte[9]), PutOptions.NONE))
          .isInstanceOf(LarderException.class);
    }
  }

  @Test
  void aPlainClientIsRefused() {
    try (LarderClient plain =
        LarderClient.builder()
            .localNode(address(0))
            .password("secret")
            .attemptTimeout(Patience.limit())
            .callTimeout(Patience.limit())
            .build()) {
      assertThat(plain.blocking().get("k".getBytes(US_ASCII))).isEmpty();
    }
  }

  @Test
  void aNodeOfAnotherNameIsNotBelieved() throws Exception {
    try (LarderClient client =
        LarderClient.builder()
            .localNode("localhost:" + cluster.node(0).port())
            .password("secret")
            .tls(known())
            .attemptTimeout(Patience.limit())
            .callTimeout(Patience.limit())
            .build()) {
      assertThatThrownBy(() ->
              client
                  .blocking()
                  .put("k".getBytes(US_ASCII), ByteBuffer.wrap(new byte[9]), PutOptions.NONE))
          .isInstanceOf(LarderException.class);
    }
  }

  @Test
  void aFileThatIsNoCertificateIsNamed() {
    assertThatThrownBy(() -> Tls.trusting(key))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(key.toString());
  }
}
