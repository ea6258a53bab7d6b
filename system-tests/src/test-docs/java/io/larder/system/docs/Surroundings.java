package io.larder.system.docs;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * What the documentation's Java snippets take for given: the reader's own program. A name that a
 * new snippet uses is declared here, or better in the snippet.
 */
abstract class Surroundings {
  protected List<String> others = List.of();
  protected List<byte[]> keysOfThePrompt = List.of();
  protected MeterRegistry registry = new SimpleMeterRegistry();

  protected abstract ByteBuffer computeOnGpu(byte[] key);

  protected abstract void copyToGpu(ByteBuffer data);

  protected abstract void log(Object what);
}
