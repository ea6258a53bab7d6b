package io.larder.coordinator.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.larder.protocol.Slots;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SlotTableFormatTest {

  private static SlotTable decode(String json) {
    return SlotTableFormat.decode(json.getBytes(StandardCharsets.UTF_8), 7);
  }

  /** The stored form is a contract with other versions: a change of it must be deliberate. */
  @Test
  void theStoredFormIsPinned() {
    @Nullable String[] owners = new String[Slots.COUNT];
    owners[0] = "a";
    owners[1] = "b";
    owners[2] = "b";
    owners[5] = "a";
    assertThat(SlotTableFormat.encode(SlotTable.of(owners, 3)))
        .asString(StandardCharsets.UTF_8)
        .isEqualTo("{\"format\":1,\"owners\":{\"a\":\"0,5\",\"b\":\"1-2\"}}");
  }

  @Test
  void whatWasWrittenIsRead() {
    SlotTable table = decode("{\"format\":1,\"owners\":{\"a\":\"0-5460,6000\",\"b\":\"16383\"}}");
    assertThat(table.version()).isEqualTo(7);
    assertThat(table.owner(5460)).isEqualTo("a");
    assertThat(table.owner(5461)).isNull();
    assertThat(table.owner(16383)).isEqualTo("b");
    assertThat(table.counts()).containsEntry("a", 5462).containsEntry("b", 1);
    assertThat(table.slotsOf("b")).containsExactly(16383);
    assertThat(SlotTableFormat.decode(SlotTableFormat.encode(table), 8).sameAs(table)).isTrue();
  }

  @Test
  void drainsAreReadAsTheyWereWritten() {
    SlotTable table =
        decode(
            "{\"format\":1,\"owners\":{\"a\":\"0-16383\"},\"draining\":{\"b\":0,\"c\":4294967312}}");
    assertThat(table.draining()).containsExactly("b", "c");
    assertThat(table.drains())
        .containsEntry("b", SlotTable.UNTIL_UNDRAINED)
        .containsEntry("c", 4_294_967_312L);
    assertThat(SlotTableFormat.decode(SlotTableFormat.encode(table), 8).sameAs(table)).isTrue();
    assertThat(table.withoutDrain("c").draining()).containsExactly("b");
  }

  @Test
  void aTableOfAnotherFormatOrOutOfRangeOrTwiceOwnedIsRefused() {
    assertThatThrownBy(() -> decode("{\"format\":2,\"owners\":{}}"))
        .hasMessageContaining("format 2");
    assertThatThrownBy(() -> decode("{\"format\":1,\"owners\":{\"a\":\"0-16384\"}}"))
        .hasMessageContaining("0-16384");
    assertThatThrownBy(() -> decode("{\"format\":1,\"owners\":{\"a\":\"0-5\",\"b\":\"5\"}}"))
        .hasMessageContaining("slot 5 belongs to both");
    assertThatThrownBy(() -> decode("{\"format\":1,\"owners\":{\"a\":\"x\"}}"))
        .hasMessageContaining("no slot range");
    assertThatThrownBy(() -> decode("nonsense")).hasMessageContaining("not JSON");
  }

  @Test
  void aNodeRecordIsReadBackAndUnknownKeysAreIgnored() {
    NodeRecord record = new NodeRecord("a", 77, "h", 1, 2, "z", 3, "v", "u");
    assertThat(NodeRecord.decode(record.encode())).isEqualTo(record);
    String newer =
        new String(record.encode(), StandardCharsets.UTF_8).replaceFirst("\\{", "{\"rack\":\"r\",");
    assertThat(NodeRecord.decode(newer.getBytes(StandardCharsets.UTF_8))).isEqualTo(record);
    assertThat(Heartbeat.decode(new Heartbeat(5, 6, 7).encode())).isEqualTo(new Heartbeat(5, 6, 7));
    byte[] older = "{\"incarnation\":5,\"claimed\":6}".getBytes(StandardCharsets.UTF_8);
    assertThat(Heartbeat.decode(older)).isEqualTo(new Heartbeat(5, 6, Heartbeat.UNKNOWN));
  }

  @Test
  void timeoutsThatLeaveNoTimeToGrantAreRefusedWithTheRemedy() {
    assertThatThrownBy(() -> ZooKeeperOptions.of("h:1", "c", 2_000, 2_000))
        .hasMessageContaining("lower zookeeper.tickMs");
    assertThatThrownBy(() -> ZooKeeperOptions.of("zk://h:1", "c"))
        .hasMessageContaining("host:port");
  }
}
