package com.example.inference;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.larder.client.LarderClient;
import io.larder.client.TensorMetadata;
import io.larder.testkit.embedded.EmbeddedLarder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a user of Larder relies on, through the public API alone. */
@Timeout(600)
class PrefixCacheTest {
  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final int TOKENS = 256;
  private static final int BLOCK_BYTES = 1 << 20;
  private static final TensorMetadata SHAPE = TensorMetadata.of("bfloat16", "NHD", 2, TOKENS, 1024);

  private static EmbeddedLarder larder;

  @BeforeAll
  static void start() throws IOException {
    larder = EmbeddedLarder.start();
  }

  @AfterAll
  static void stop() {
    larder.close();
  }

  /** Bytes that tell which tokens they were computed from, and which GPU did it. */
  private static final class FakeGpu implements Gpu {
    final Map<Integer, ByteBuffer> memory = new ConcurrentHashMap<>();

    @Override
    public ByteBuffer prefill(int block, int[] tokens) {
      ByteBuffer kv = ByteBuffer.allocateDirect(BLOCK_BYTES);
      kv.putInt(0, Arrays.hashCode(tokens)).putInt(4, System.identityHashCode(this));
      memory.put(block, kv);
      return kv.duplicate();
    }

    @Override
    public void load(int block, ByteBuffer kv) {
      memory.put(block, ByteBuffer.allocate(kv.remaining()).put(kv).flip());
    }

    ByteBuffer at(int block) {
      return Objects.requireNonNull(memory.get(block), "a block that was never loaded").rewind();
    }

    List<Integer> tokensOf(int blocks) {
      return IntStream.range(0, blocks).map(block -> at(block).getInt(0)).boxed().toList();
    }
  }

  private static int[] prompt(int shared, int own, int salt) {
    return IntStream.range(0, (shared + own) * TOKENS)
        .map(i -> i < shared * TOKENS ? i : i + salt)
        .toArray();
  }

  private static List<Integer> expected(int[] prompt) {
    return IntStream.range(0, prompt.length / TOKENS)
        .map(i -> Arrays.hashCode(Arrays.copyOfRange(prompt, i * TOKENS, (i + 1) * TOKENS)))
        .boxed()
        .toList();
  }

  /** A server's deadlines cost misses on a busy machine, which is not what is tested here. */
  private static LarderClient patientClient() {
    return LarderClient.builder()
        .localNode(larder.address())
        .attemptTimeout(PATIENCE)
        .callTimeout(PATIENCE)
        .build();
  }

  private static PrefixCache cache(LarderClient client, String model) {
    return new PrefixCache(client, model, TOKENS, SHAPE);
  }

  @Test
  void aSecondServerComputesOnlyWhatThePromptsDoNotShare() {
    try (LarderClient first = patientClient();
        LarderClient second = patientClient()) {
      int[] prompt = prompt(5, 2, 1_000_000);
      int[] other = prompt(5, 3, 2_000_000);
      assertThat(cache(first, "a").prefill(prompt, new FakeGpu()))
          .isEqualTo(new PrefixCache.Prefilled(0, 7));
      FakeGpu gpu = new FakeGpu();
      assertThat(cache(second, "a").prefill(other, gpu)).isEqualTo(new PrefixCache.Prefilled(5, 3));
      assertThat(gpu.tokensOf(8)).isEqualTo(expected(other));
      assertThat(cache(second, "another model").prefill(other, new FakeGpu()).loaded()).isZero();
    }
  }

  @Test
  void serversThatGetOnePromptAtOnceComputeEachBlockOnce() throws Exception {
    int servers = 4;
    int[] prompt = prompt(0, 12, 7);
    List<FakeGpu> gpus = new ArrayList<>();
    List<LarderClient> clients = new ArrayList<>();
    List<CompletableFuture<PrefixCache.Prefilled>> running = new ArrayList<>();
    for (int i = 0; i < servers; i++) {
      LarderClient client = patientClient();
      FakeGpu gpu = new FakeGpu();
      clients.add(client);
      gpus.add(gpu);
      running.add(CompletableFuture.supplyAsync(() -> cache(client, "herd").prefill(prompt, gpu)));
    }
    int computed = 0;
    for (CompletableFuture<PrefixCache.Prefilled> each : running) {
      computed += each.get(PATIENCE.toMinutes(), TimeUnit.MINUTES).computed();
    }
    clients.forEach(LarderClient::close);
    assertThat(computed).isEqualTo(12);
    for (FakeGpu gpu : gpus) {
      assertThat(gpu.tokensOf(12)).isEqualTo(expected(prompt));
    }
    for (int block = 0; block < 12; block++) {
      ByteBuffer one = gpus.getFirst().at(block);
      for (FakeGpu gpu : gpus) {
        assertThat(gpu.at(block)).isEqualTo(one);
      }
    }
  }

  @Test
  void withoutAClusterEverythingIsComputed() throws IOException {
    EmbeddedLarder gone = EmbeddedLarder.start();
    try (LarderClient client = gone.newClient()) {
      gone.close();
      int[] prompt = prompt(0, 2, 3);
      FakeGpu gpu = new FakeGpu();
      assertThat(cache(client, "gone").prefill(prompt, gpu))
          .isEqualTo(new PrefixCache.Prefilled(0, 2));
      assertThat(gpu.tokensOf(2)).isEqualTo(expected(prompt));
    }
  }

  @Test
  void nothingButThePublicApiIsUsed() {
    noClasses()
        .should()
        .dependOnClassesThat(
            resideInAPackage("io.larder..")
                .and(not(resideInAnyPackage("io.larder.client", "io.larder.testkit.embedded"))))
        .check(new ClassFileImporter().importPackages("com.example.inference"));
  }
}
