package io.larder.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.larder.protocol.Limits;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * The description of a block as a tensor. Stored in the block's metadata as the text {@code
 * tensor/1;<dtype>;<layout>;<dimension>,<dimension>…}.
 *
 * @param dtype element type, as {@code bfloat16}; no semicolon
 * @param layout order of the dimensions, as {@code NHD}; no semicolon
 * @param shape the dimensions, none negative
 */
public record TensorMetadata(String dtype, String layout, List<Long> shape) {
  private static final String PREFIX = "tensor/1;";

  public TensorMetadata {
    shape = List.copyOf(shape);
    if (dtype.indexOf(';') >= 0 || layout.indexOf(';') >= 0) {
      throw new IllegalArgumentException(
          "dtype '" + dtype + "', layout '" + layout + "': neither may contain a semicolon");
    }
    if (shape.stream().anyMatch(dimension -> dimension < 0)) {
      throw new IllegalArgumentException("shape " + shape + ": no dimension may be negative");
    }
  }

  public static TensorMetadata of(String dtype, String layout, long... shape) {
    return new TensorMetadata(dtype, layout, LongStream.of(shape).boxed().toList());
  }

  /**
   * Encodes the description as metadata bytes.
   *
   * @throws IllegalArgumentException if they are more than 2048
   */
  public byte[] encode() {
    String dimensions = shape.stream().map(String::valueOf).collect(Collectors.joining(","));
    byte[] bytes = (PREFIX + dtype + ";" + layout + ";" + dimensions).getBytes(UTF_8);
    if (bytes.length > Limits.MAX_METADATA_BYTES) {
      throw new IllegalArgumentException(
          "tensor metadata of " + bytes.length + " bytes: at most " + Limits.MAX_METADATA_BYTES);
    }
    return bytes;
  }

  /** Decodes {@link #encode}'s form; empty if the metadata has another form. */
  public static Optional<TensorMetadata> decode(byte[] metadata) {
    String text = new String(metadata, UTF_8);
    String[] parts = text.split(";", -1);
    if (!text.startsWith(PREFIX) || parts.length != 4) {
      return Optional.empty();
    }
    try {
      List<Long> shape =
          parts[3].isEmpty()
              ? List.of()
              : Arrays.stream(parts[3].split(",", -1)).map(Long::valueOf).toList();
      return Optional.of(new TensorMetadata(parts[1], parts[2], shape));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
