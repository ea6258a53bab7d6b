package io.larder.coordinator.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ConfigReaderTest {
  enum Durability {
    PROCESS,
    FLUSH
  }

  record Store(
      @Setting("the device") Path device,
      @Setting(value = "bytes", min = 4096) long capacityBytes,
      Durability durability) {}

  record Config(
      @Setting("who") String name,
      @Setting(value = "threads", min = 1, max = 64) int threads,
      boolean tls,
      double ratio,
      List<String> peers,
      Store store) {
    Config {
      if (name.equals("nobody")) {
        throw new IllegalArgumentException("name 'nobody' is taken: choose another");
      }
    }
  }

  private static final Config DEFAULTS =
      new Config(
          "a", 2, false, 0.5, List.of(), new Store(Path.of("/dev/x"), 4096, Durability.FLUSH));

  @Test
  void whatTheFileLeavesOutKeepsItsDefault() {
    assertThat(ConfigReader.parse(DEFAULTS, "f", "", Map.of())).isEqualTo(DEFAULTS);
    assertThat(ConfigReader.parse(DEFAULTS, "f", "threads: 8", Map.of()).threads()).isEqualTo(8);
  }

  @Test
  void everyKindOfValueIsRead() {
    Config read =
        ConfigReader.parse(
            DEFAULTS,
            "f",
            """
            name: b
            tls: true
            ratio: 0.25
            peers: [one, two]
            store:
              device: /dev/nvme0n1
              capacityBytes: 10GiB
              durability: process
            """,
            Map.of());
    assertThat(read)
        .isEqualTo(
            new Config(
                "b",
                2,
                true,
                0.25,
                List.of("one", "two"),
                new Store(Path.of("/dev/nvme0n1"), 10L << 30, Durability.PROCESS)));
  }

  @Test
  void flagsWinOverTheFile() {
    Config read =
        ConfigReader.parse(
            DEFAULTS,
            "f",
            "store: {capacityBytes: 1MiB}",
            Map.of("store.capacityBytes", "2MiB", "threads", "3", "peers", "x,y"));
    assertThat(read.store().capacityBytes()).isEqualTo(2 << 20);
    assertThat(read.threads()).isEqualTo(3);
    assertThat(read.peers()).containsExactly("x", "y");
  }

  @Test
  void everyProblemIsNamedWithItsKeyAndWhatIsAllowed() {
    assertThatThrownBy(() ->
            ConfigReader.parse(
                DEFAULTS,
                "larder.yaml",
                """
                thread: 3
                threads: 65
                tls: maybe
                peers: {a: b}
                store:
                  capacityBytes: 10GB
                  durability: eventually
                  devise: /dev/x
                """,
                Map.of()))
        .isInstanceOfSatisfying(
            ConfigException.class,
            e ->
                assertThat(e.problems())
                    .containsExactlyInAnyOrder(
                        "unknown key 'thread': allowed here are name, threads, tls, ratio, peers,"
                            + " store",
                        "'threads' is '65': expected a whole number from 1 to 64",
                        "'tls' is 'maybe': expected true or false",
                        "'peers' is a map: expected a list",
                        "'store.capacityBytes' is '10GB': expected a whole number of at least 4096, or one with KiB, MiB, GiB or TiB",
                        "'store.durability' is 'eventually': expected one of process, flush",
                        "unknown key 'store.devise': allowed here are device, capacityBytes,"
                            + " durability"))
        .hasMessageStartingWith("larder.yaml:");
  }

  @Test
  void whatTheRecordRefusesIsAProblemToo() {
    assertThatThrownBy(() -> ConfigReader.parse(DEFAULTS, "f", "name: nobody", Map.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("choose another");
  }

  @Test
  void aFileThatIsNotThereOrNotYamlIsNamed() {
    assertThatThrownBy(() -> ConfigReader.read(DEFAULTS, Path.of("/nowhere/x.yaml"), Map.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("/nowhere/x.yaml");
    assertThatThrownBy(() -> ConfigReader.parse(DEFAULTS, "f", "a: [", Map.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("is not YAML");
    assertThatThrownBy(() -> ConfigReader.parse(DEFAULTS, "f", "- a", Map.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("is no map");
  }

  @Test
  void theReferenceListsEveryKeyWithItsDefault() {
    assertThat(ConfigReader.reference(DEFAULTS))
        .contains("| `threads` | `2` | threads |", "| `store.device` | `/dev/x` | the device |");
  }
}
