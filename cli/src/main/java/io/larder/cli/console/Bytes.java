package io.larder.cli.console;

import io.larder.coordinator.config.ByteSize;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Sizes as people write them: 4096, 64KiB, 8GiB. */
public final class Bytes implements ITypeConverter<Long> {
  @Override
  public Long convert(String value) {
    try {
      long bytes = ByteSize.parse(value);
      if (bytes <= 0) {
        throw new NumberFormatException();
      }
      return bytes;
    } catch (NumberFormatException e) {
      throw new TypeConversionException(
          "'" + value + "' is not a size: expected bytes, or a number with KiB, MiB, GiB or TiB");
    }
  }
}
