package io.larder.node.server.wire;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.larder.node.server.wire.RequestDecoder.Disposition;
import io.larder.node.server.wire.RequestDecoder.Event;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequestDecoderTest {
  private static final String REQUESTS =
      String.join(
          "\r\n",
          "*2 $3 GET $3 a\r\n".replace(" ", "\r\n"),
          "PING \"a b\\x41\" 'it\\'s'",
          "",
          "*0",
          "*3 $3 SET $0  $5 value".replace(" ", "\r\n"),
          "*1 $4 QUIT ".replace(" ", "\r\n"));
  private static final List<String> DECODED =
      List.of("GET|a\r\n", "PING|a bA|it's", "SET||value", "QUIT");

  private final RequestDecoder decoder = new RequestDecoder((index, length) -> Disposition.KEEP);

  @Test
  void requestsAreTheSameWhereverTheyAreCut() throws Exception {
    for (int cut = 0; cut <= REQUESTS.length(); cut++) {
      assertThat(decodeAll(REQUESTS.substring(0, cut), REQUESTS.substring(cut)))
          .as("cut at %d", cut)
          .isEqualTo(DECODED);
    }
  }

  @Test
  void requestsAreTheSameByteByByte() throws Exception {
    assertThat(decodeAll(REQUESTS.split("(?s)(?<=.)"))).isEqualTo(DECODED);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 9, 10, 99, 1_000, 99_999, 100_000, 1_234_567})
  void aLengthOfAnyNumberOfDigitsIsReadWhereverItIsCut(int length) throws Exception {
    String argument = "x".repeat(length);
    String request = "*2\r\n$4\r\nECHO\r\n$" + length + "\r\n" + argument + "\r\n";
    for (int cut = 0; cut < 28; cut++) {
      int at = Math.min(cut, request.length());
      assertThat(decodeAll(request.substring(0, at), request.substring(at)))
          .containsExactly("ECHO|" + argument);
    }
  }

  @Test
  void whatIsSkippedLeavesTheConnectionInStep() throws Exception {
    RequestDecoder skipping =
        new RequestDecoder((index, length) -> length > 4 ? Disposition.SKIP : Disposition.KEEP);
    ByteBuf in = buffer("*2\r\n$3\r\nGET\r\n$9\r\nmuch more\r\n*1\r\n$4\r\nPING\r\n");
    assertThat(skipping.next(in)).isEqualTo(Event.NAMED);
    assertThat(skipping.next(in)).isEqualTo(Event.REQUEST);
    assertThat(skipping.argument(1)).isEmpty();
    assertThat(skipping.next(in)).isEqualTo(Event.NAMED);
    assertThat(skipping.argument(0)).asString().isEqualTo("PING");
  }

  @Test
  void ofArgumentsThatAreReadPastNothingIsKept() throws Exception {
    for (int connection = 0; connection < 320; connection++) {
      RequestDecoder skipping =
          new RequestDecoder((index, length) -> index == 0 ? Disposition.KEEP : Disposition.SKIP);
      ByteBuf empty = buffer("$0\r\n\r\n".repeat(1024));
      assertThat(skipping.next(buffer("*1048576\r\n$4\r\nNOPE\r\n"))).isEqualTo(Event.NAMED);
      for (int i = 0; i < (connection == 0 ? 512 : 1); i++) {
        assertThat(skipping.next(empty.resetReaderIndex())).isEqualTo(Event.MORE);
      }
      assertThat(skipping.read()).isEqualTo(1 + (connection == 0 ? 524_288 : 1024));
      assertThat(skipping.arguments().length).isEqualTo(4);
    }
  }

  @Test
  void roomForArgumentsGrowsWithThemAndNotWithTheirAnnouncement() throws Exception {
    ByteBuf in = buffer("*1048576\r\n$4\r\nMGET\r\n" + "$1\r\nk\r\n".repeat(9));
    assertThat(decoder.next(in)).isEqualTo(Event.NAMED);
    assertThat(decoder.arguments().length).isEqualTo(4);
    assertThat(decoder.next(in)).isEqualTo(Event.MORE);
    assertThat(decoder.arguments().length).isLessThanOrEqualTo(16);
  }

  @Test
  void anArgumentBehindOnesThatWereReadPastIsFoundInItsPlace() throws Exception {
    RequestDecoder skipping =
        new RequestDecoder((index, length) -> length > 4 ? Disposition.SKIP : Disposition.KEEP);
    ByteBuf in = buffer("*7\r\n$1\r\na\r\n" + "$5\r\nlarge\r\n".repeat(5) + "$1\r\nz\r\n");
    assertThat(skipping.next(in)).isEqualTo(Event.NAMED);
    assertThat(skipping.next(in)).isEqualTo(Event.REQUEST);
    assertThat(skipping.argument(3)).isEmpty();
    assertThat(skipping.argument(6)).asString().isEqualTo("z");
  }

  @Test
  void aPayloadIsLeftToTheCaller() throws Exception {
    RequestDecoder paying =
        new RequestDecoder((index, length) -> index == 2 ? Disposition.PAYLOAD : Disposition.KEEP);
    ByteBuf in = buffer("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\nbyte\r\n*1\r\n$4\r\nPING\r\n");
    assertThat(paying.next(in)).isEqualTo(Event.NAMED);
    assertThat(paying.next(in)).isEqualTo(Event.PAYLOAD);
    assertThat(paying.payloadLength()).isEqualTo(4);
    in.skipBytes(4);
    paying.payloadTaken();
    assertThat(paying.next(in)).isEqualTo(Event.REQUEST);
    assertThat(paying.next(in)).isEqualTo(Event.NAMED);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "*x\r\n",
        "*1\r\n+PING\r\n",
        "*1\r\n$-1\r\n",
        "*1\r\n$4\r\nPINGxx",
        "*9999999999\r\n",
        "GET \"open\r\n",
        "*1\rx",
        "*1\rx$4\r\nPING\r\n",
        "*\r\n$4\r\nPING\r\n",
        "*1 \r\n$4\r\nPING\r\n",
        "*123456x\r\n$4\r\nPING\r\n",
        "*1234567890123456789012\r\n"
      })
  void whatIsNotRespIsRefused(String bytes) {
    assertThatThrownBy(() -> decodeAll(bytes)).isInstanceOf(ProtocolException.class);
  }

  @Test
  void anEndlessInlineRequestIsRefused() {
    assertThatThrownBy(() -> decodeAll("x".repeat(RequestDecoder.MAX_INLINE_BYTES + 1)))
        .isInstanceOf(ProtocolException.class)
        .hasMessage("too big inline request");
  }

  private List<String> decodeAll(String... parts) throws ProtocolException {
    List<String> decoded = new ArrayList<>();
    ByteBuf in = Unpooled.buffer();
    for (String part : parts) {
      in.writeBytes(part.getBytes(ISO_8859_1));
      for (Event event; (event = decoder.next(in)) != Event.MORE; ) {
        if (event == Event.REQUEST) {
          int count = decoder.count();
          byte[][] arguments = decoder.takeArguments();
          List<String> words = new ArrayList<>();
          for (int i = 0; i < count; i++) {
            words.add(new String(arguments[i], ISO_8859_1));
          }
          decoded.add(String.join("|", words));
        }
      }
    }
    assertThat(decoder.isAtStart()).isTrue();
    return decoded;
  }

  private static ByteBuf buffer(String text) {
    return Unpooled.copiedBuffer(text, ISO_8859_1);
  }
}
