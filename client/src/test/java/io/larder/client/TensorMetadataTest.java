package io.larder.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TensorMetadataTest {
  @Test
  void whatIsEncodedIsDecoded() {
    for (TensorMetadata tensor :
        List.of(
            TensorMetadata.of("bfloat16", "NHD", 2, 32, 256, 8, 128),
            TensorMetadata.of("fp8_e4m3", ""),
            TensorMetadata.of("int8", "größe", Long.MAX_VALUE, 0))) {
      assertThat(TensorMetadata.decode(tensor.encode())).contains(tensor);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "tensor/1", "tensor/1;a;b", "tensor/1;a;b;x", "tensor/1;a;b;-1", "v2"})
  void otherMetadataIsNoTensor(String text) {
    assertThat(TensorMetadata.decode(text.getBytes(UTF_8))).isEmpty();
  }

  @Test
  void whatCannotBeKeptIsRefused() {
    assertThatThrownBy(() -> TensorMetadata.of("a;b", "N")).hasMessageContaining("semicolon");
    assertThatThrownBy(() -> TensorMetadata.of("a", "N", -1)).hasMessageContaining("negative");
    assertThatThrownBy(() -> TensorMetadata.of("x".repeat(3000), "N").encode())
        .hasMessageContaining("2048");
  }
}
