package io.larder.node.config;

import io.larder.coordinator.config.CoordinatorConfig;
import io.larder.coordinator.config.Setting;
import io.larder.coordinator.registry.ZooKeeperOptions;
import io.larder.node.device.DirectDevice;
import io.larder.node.device.Engine;
import io.larder.node.server.ServerConfig;
import io.larder.node.store.StoreConfig;
import java.nio.file.Path;

/** A node's configuration: every key with its default, its bounds and its purpose. */
public record NodeConfig(
    @Setting("The raw block device, or a file, that `larder device format` has prepared")
        Path device,
    @Setting("The cluster's name; must be the one the device was formatted for") String cluster,
    @Setting("The failure domain, as the rack; free text, may be empty") String zone,
    Listen listen,
    Http http,
    CoordinatorConfig.ZooKeeper zookeeper,
    Memory memory,
    Storage storage,
    Security security,
    Tls tls,
    Limits limits) {

  /** The RESP port. */
  public record Listen(
      @Setting("The address to bind") String host,
      @Setting(value = "The RESP port; 0 takes any free one", min = 0, max = 65_535) int port,
      @Setting(
              "The address that clients and peers connect to; empty: `listen.host`, or this host's"
                  + " name when that is 0.0.0.0")
          String advertisedHost,
      @Setting("The transport of sockets; auto is epoll where it is available, else nio")
          ServerConfig.Transport transport,
      @Setting(value = "Threads that serve connections; 0 = one per core", min = 0, max = 1_024)
          int eventLoops) {}

  /** Metrics and health. */
  public record Http(
      @Setting("The address to bind") String host,
      @Setting(
              value = "The port of /metrics, /live and /ready; 0 takes any free one",
              min = 0,
              max = 65_535)
          int port) {}

  /** The one memory pool. */
  public record Memory(
      @Setting(
              value = "Memory of network, device and hot tier together, bytes",
              min = 64L << 20,
              max = 1L << 40)
          long poolBytes,
      @Setting(
              value = "How much of it the hot tier may keep, bytes; 0 = half",
              min = 0,
              max = 1L << 40)
          long hotBytes,
      @Setting(
              value = "How much of it puts leave free for reads, bytes; 0 = an eighth",
              min = 0,
              max = 1L << 40)
          long readFloorBytes) {}

  /** The device. */
  public record Storage(
      @Setting("When a put is acknowledged: `written` survives kill -9, `flush` power loss")
          StoreConfig.Durability durability,
      @Setting(
              "The engine of device I/O; auto is io_uring where kernel and container allow it, else"
                  + " threads")
          Engine engine,
      @Setting(
              value = "Threads of device I/O without io_uring, each with at most 1 MiB in flight",
              min = 1,
              max = 256)
          int ioThreads,
      @Setting(
              value =
                  "How long the device may take to answer, ms; then reads are misses until it does,"
                      + " and after a write or flush the node is read-only until it is restarted",
              min = 100,
              max = 600_000)
          int ioDeadlineMs) {}

  /** Who may connect. */
  public record Security(
      @Setting("The password that clients and peers must send with AUTH; empty: none")
          String password,
      @Setting("A file that holds the password instead; empty: none") String passwordFile) {}

  /** Encryption of the RESP port, for clients and between nodes. */
  public record Tls(
      @Setting("This node's certificate chain, PEM; empty: connections are plain")
          String certificate,
      @Setting("The chain's private key, PEM (PKCS#8) without a passphrase") String key,
      @Setting("The authorities that certify peers, PEM; empty: those that the JVM trusts")
          String authorities,
      @Setting("Whether clients and peers must show a certificate of these authorities")
          boolean requireClientCertificate) {
    /** Whether connections are encrypted. */
    public boolean isOn() {
      return !certificate.isEmpty();
    }
  }

  /** Bounds. */
  public record Limits(
      @Setting(value = "Client connections", min = 1, max = 1_000_000) int maxConnections,
      @Setting(
              value =
                  "How long SET waits for another writer of the key or the slot's owner, from its"
                      + " last byte, ms",
              min = 0,
              max = 600_000)
          long setWaitMs,
      @Setting(
              value =
                  "How long SET of a plain session (neither HELLO nor CLIENT was sent) waits for"
                      + " another writer, the slot's owner or memory before it is dropped, and how"
                      + " long its DEL is retried, ms",
              min = 0,
              max = 600_000)
          long plainSetWaitMs,
      @Setting(
              "The reply to a plain session in place of an error to a command on keys: `answer` is"
                  + " one that a cache may give, `close` the error and the end of its connection")
          ServerConfig.PlainSessions plainSessions,
      @Setting(
              value = "How long a peer may take until a block's first byte, ms",
              min = 1,
              max = 60_000)
          long peerDeadlineMs) {}

  /** The defaults. */
  public static final NodeConfig DEFAULTS =
      new NodeConfig(
          Path.of(""),
          ZooKeeperOptions.DEFAULT_CLUSTER,
          "",
          new Listen("0.0.0.0", 7379, "", ServerConfig.Transport.AUTO, 0),
          new Http("0.0.0.0", 9379),
          CoordinatorConfig.ZooKeeper.DEFAULT,
          new Memory(1L << 30, 0, 0),
          new Storage(
              StoreConfig.Durability.WRITTEN,
              Engine.AUTO,
              DirectDevice.DEFAULT_THREADS,
              StoreConfig.DEFAULT_IO_DEADLINE_MS),
          new Security("", ""),
          new Tls("", "", "", false),
          new Limits(10_000, 3_000, 2_000, ServerConfig.PlainSessions.ANSWER, 250));

  /**
   * @throws IllegalArgumentException if values contradict each other
   */
  public NodeConfig {
    zookeeper.options(cluster); // throws if its values contradict each other
    if (memory.hotBytes() + memory.readFloorBytes() >= memory.poolBytes()) {
      throw new IllegalArgumentException(
          "memory.hotBytes and memory.readFloorBytes together must be less than memory.poolBytes");
    }
    if (tls.certificate().isEmpty() != tls.key().isEmpty()) {
      throw new IllegalArgumentException(
          "tls.certificate and tls.key go together: give both or neither");
    }
    if (!tls.isOn() && (tls.requireClientCertificate() || !tls.authorities().isEmpty())) {
      throw new IllegalArgumentException(
          "tls.authorities and tls.requireClientCertificate have no effect without tls.certificate");
    }
    if (!security.password().isEmpty() && !security.passwordFile().isEmpty()) {
      throw new IllegalArgumentException(
          "security.password and security.passwordFile are both given: give one");
    }
  }

  /** The hot tier's share of the pool in bytes. */
  public long hotBytes() {
    return memory.hotBytes() == 0 ? memory.poolBytes() / 2 : memory.hotBytes();
  }

  /** The part of the pool that puts leave free for reads, in bytes. */
  public long readFloorBytes() {
    return memory.readFloorBytes() == 0 ? memory.poolBytes() / 8 : memory.readFloorBytes();
  }

  /** The part of the configuration that opens the device. */
  public StoreConfig storeConfig() {
    return new StoreConfig(
        device,
        storage.durability(),
        storage.engine(),
        storage.ioThreads(),
        storage.ioDeadlineMs());
  }
}
