package io.larder.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReplyDecoderTest {
  private static final String EVERY_TYPE =
      String.join(
          "\r\n",
          "+OK",
          "-ERR no",
          ":-42",
          "$5",
          "he",
          "o",
          "$0",
          "",
          "$-1",
          "*-1",
          "_",
          "#t",
          "#f",
          ",1.5",
          "(12345678901234567890123",
          "=7",
          "txt:abc",
          "!5",
          "ERR x",
          "*0",
          "~2",
          ":1",
          ":2",
          "%1",
          "+k",
          "*2",
          "$1",
          "v",
          ":9",
          ">2",
          "+push",
          ":1",
          "*2",
          "*1",
          ":1",
          "*0",
          "+END",
          "");

  private static final List<String> DECODED =
      List.of(
          "+OK",
          "-ERR no",
          ":-42",
          "$he\r\no",
          "$",
          "null",
          "null",
          "null",
          ":1",
          ":0",
          "$1.5",
          "$12345678901234567890123",
          "$abc",
          "-ERR x",
          "[]",
          "[:1, :2]",
          "{+k, [$v, :9]}",
          "[[:1], []]",
          "+END");

  private static String show(Reply reply) {
    if (reply instanceof Reply.Simple simple) {
      return "+" + simple.text();
    } else if (reply instanceof Reply.Failure failure) {
      return "-" + failure.message();
    } else if (reply instanceof Reply.Int number) {
      return ":" + number.value();
    } else if (reply instanceof Reply.Bulk bulk) {
      return "$" + bulk.text();
    } else if (reply instanceof Reply.Array array) {
      return array.elements().stream().map(ReplyDecoderTest::show).toList().toString();
    } else if (reply instanceof Reply.Mapping map) {
      String inside = map.keysAndValues().stream().map(ReplyDecoderTest::show).toList().toString();
      return "{" + inside.substring(1, inside.length() - 1) + "}";
    }
    return "null";
  }

  private static List<String> decode(String text, int pieceBytes) {
    ReplyDecoder decoder = new ReplyDecoder();
    List<String> replies = new ArrayList<>();
    byte[] bytes = text.getBytes(UTF_8);
    for (int from = 0; from < bytes.length; from += pieceBytes) {
      ByteBuf piece =
          Unpooled.wrappedBuffer(bytes, from, Math.min(pieceBytes, bytes.length - from));
      while (decoder.decode(piece, ReplyDecoder.Stop.NEVER) == ReplyDecoder.Step.REPLY) {
        replies.add(show(decoder.reply()));
      }
    }
    return replies;
  }

  @Test
  void everyTypeIsDecodedHoweverTheBytesAreSplit() {
    for (int piece = 1; piece <= EVERY_TYPE.length(); piece++) {
      assertThat(decode(EVERY_TYPE, piece)).as("pieces of %d", piece).isEqualTo(DECODED);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "hello\r\n",
        "\r\n",
        ":\r\n",
        ":1 2\r\n",
        "$x\r\n",
        "$3\r\nabcd\r\n",
        "+no carriage return\n",
        "$16777217\r\n",
        "*16777216\r\n",
        "%9223372036854775807\r\n",
        "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
        "*1\r\n>1\r\n+push\r\n",
      })
  void whatIsNotAReplyOrPastTheBoundsIsRefused(String text) {
    assertThatThrownBy(() -> decode(text, text.length())).isInstanceOf(RespException.class);
    assertThatThrownBy(() -> decode(text, 1)).isInstanceOf(RespException.class);
  }

  @Test
  void aReplyOfManySmallPiecesIsBoundedToo() {
    StringBuilder text = new StringBuilder("*100\r\n");
    for (int i = 0; i < 100; i++) {
      text.append("$200000\r\n").append("x".repeat(200_000)).append("\r\n");
    }
    assertThatThrownBy(() -> decode(text.toString(), 1 << 20))
        .isInstanceOf(RespException.class)
        .hasMessageContaining("16 MiB");
  }
}
