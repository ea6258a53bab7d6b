package io.larder.node.server.wire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.larder.protocol.Reply;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReplyEncoderTest {
  private static final Reply EVERYTHING =
      Reply.array(
          Reply.OK,
          Reply.error("ERR no"),
          Reply.of(-12),
          Reply.bulk("é"),
          Reply.NULL,
          new Reply.Mapping(List.of(Reply.bulk("k"), Reply.of(1))));

  @Test
  void resp2HasFlatMappingsAndBulkNulls() {
    assertThat(written(EVERYTHING, false))
        .isEqualTo("*6\r\n+OK\r\n-ERR no\r\n:-12\r\n$2\r\né\r\n$-1\r\n*2\r\n$1\r\nk\r\n:1\r\n");
  }

  @Test
  void resp3HasMappingsAndNulls() {
    assertThat(written(EVERYTHING, true))
        .isEqualTo("*6\r\n+OK\r\n-ERR no\r\n:-12\r\n$2\r\né\r\n_\r\n%1\r\n$1\r\nk\r\n:1\r\n");
  }

  @Test
  void aLineStaysOneLine() {
    assertThat(written(Reply.error("ERR key 'a\r\n+OK'"), false))
        .isEqualTo("-ERR key 'a  +OK'\r\n");
  }

  @ParameterizedTest
  @ValueSource(
      longs = {
        0,
        9,
        10,
        99,
        100,
        12345,
        -1,
        -10,
        Long.MAX_VALUE,
        Long.MIN_VALUE + 1,
        Long.MIN_VALUE
      })
  void numbersAreWrittenAsJavaWritesThem(long number) {
    assertThat(written(Reply.of(number), false)).isEqualTo(":" + number + "\r\n");
  }

  private static String written(Reply reply, boolean resp3) {
    ByteBuf out = Unpooled.buffer();
    ReplyEncoder.write(out, reply, resp3);
    return out.toString(UTF_8);
  }
}
