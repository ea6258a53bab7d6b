package io.larder.node.store.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import io.larder.node.device.DirectDeviceTest;
import io.larder.testing.Patience;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.platform.engine.CancellationToken;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Every fault that a store must survive has a test, and every such test fails when the store is
 * broken in the way that matters. {@code -Dlarder.docs.write=true} writes the table anew.
 */
class FaultRowsTest {
  private static final List<Class<?>> TESTS =
      List.of(
          CrashTest.class,
          DamageTest.class,
          DeviceFormatTest.class,
          DirectDeviceTest.class,
          FailingDeviceTest.class,
          ForeignDeviceTest.class,
          LastSegmentTest.class,
          LogicalClockTest.class,
          LyingDeviceTest.class,
          SegmentReuseTest.class,
          StallTest.class,
          StoreTest.class);
  private static final Path PAGE = Path.of("../docs/faults.md");
  private static final Path TABLE =
      Path.of("../bench/src/main/resources/io/larder/bench/crash/fault-rows.tsv");

  /** For stores of which it is known that they hang. */
  private static final Duration BRIEF = Duration.ofSeconds(2);

  private static List<Method> tests() {
    return TESTS.stream()
        .flatMap(type -> Arrays.stream(type.getDeclaredMethods()))
        .filter(method -> method.isAnnotationPresent(Survives.class))
        .sorted(
            Comparator.comparing((Method method) -> survives(method).value())
                .thenComparing(Method::getName))
        .toList();
  }

  private static Survives survives(Method test) {
    Survives survives = test.getAnnotation(Survives.class);
    assertThat(survives).isNotNull();
    return survives;
  }

  private static Method mutant(String name) {
    return Arrays.stream(Mutants.class.getDeclaredMethods())
        .filter(method -> method.getName().equals(name))
        .findAny()
        .orElseThrow(() -> new AssertionError("there is no mutant " + name));
  }

  @BeforeAll
  static void mutantsHaveLittleTime() {
    Patience.shorten(BRIEF);
  }

  @AfterAll
  static void othersHave() {
    Patience.restore();
    System.clearProperty("larder.crash.seed");
  }

  static Stream<Arguments> everyTestAndMutant() {
    return tests().stream()
        .flatMap(test ->
            Arrays.stream(survives(test).notAs())
                .map(mutant ->
                    Arguments.argumentSet(
                        name(test) + " on a store that " + words(mutant), test, mutant)));
  }

  @ParameterizedTest
  @MethodSource("everyTestAndMutant")
  @Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aBrokenStoreFailsTheTestOfItsFault(Method test, String mutant) throws Exception {
    // Threads are real, so what is broken may need more than one try to come about.
    boolean failed = false;
    for (long tried = 0; !failed; tried++) { // in vain until JUnit's time is up
      System.setProperty("larder.crash.seed", String.valueOf(1 + 1000 * tried));
      failed = failsOn(mutant(mutant), test);
    }
  }

  /** Runs a test on a mutant until the first of its invocations fails. */
  private static boolean failsOn(Method mutant, Method test) throws Exception {
    MutantLoader loader = new MutantLoader(mutant);
    Class<?> mutated = loader.loadClass(test.getDeclaringClass().getName());
    Method same =
        Arrays.stream(mutated.getDeclaredMethods())
            .filter(method -> method.getName().equals(test.getName()))
            .findAny()
            .orElseThrow();
    CancellationToken enough = CancellationToken.create();
    int[] ended = new int[2]; // well, and not
    TestExecutionListener listener =
        new TestExecutionListener() {
          @Override
          public void executionFinished(TestIdentifier one, TestExecutionResult result) {
            if (result.getStatus() == TestExecutionResult.Status.FAILED) {
              ended[1]++;
              enough.cancel();
            } else if (one.isTest()) {
              ended[0]++;
            }
          }
        };
    LauncherFactory.create()
        .execute(
            LauncherDiscoveryRequestBuilder.request()
                .selectors(selectMethod(mutated, same))
                .forExecution()
                .listeners(listener)
                .cancellationToken(enough)
                .build());
    assertThat(loader.replaced()).as("methods replaced").isEqualTo(1);
    assertThat(ended[0] + ended[1]).as("tests run").isPositive();
    return ended[1] > 0;
  }

  @Test
  void everyRowHasATest() {
    Set<FaultRow> tested =
        tests().stream()
            .map(test -> survives(test).value())
            .collect(Collectors.toCollection(() -> EnumSet.noneOf(FaultRow.class)));
    assertThat(tested).isEqualTo(EnumSet.allOf(FaultRow.class));
  }

  @Test
  void everyMutantIsNoticedBySomeTest() {
    assertThat(tests().stream().flatMap(test -> Arrays.stream(survives(test).notAs())))
        .containsAll(
            Arrays.stream(Mutants.class.getDeclaredMethods())
                .filter(method -> method.isAnnotationPresent(Mutants.Replaces.class))
                .map(Method::getName)
                .toList());
  }

  @Test
  void thePageAndTheTableOfTheBenchSayWhatIsTested() throws IOException {
    StringBuilder page = new StringBuilder(HEAD);
    StringBuilder table = new StringBuilder();
    for (FaultRow row : FaultRow.values()) {
      List<Method> tests = tests().stream().filter(t -> survives(t).value() == row).toList();
      String names = tests.stream().map(FaultRowsTest::name).collect(Collectors.joining("<br>"));
      String mutants =
          tests.stream()
              .map(t ->
                  Arrays.stream(survives(t).notAs())
                      .map(FaultRowsTest::words)
                      .collect(Collectors.joining("; ")))
              .collect(Collectors.joining("<br>"));
      page.append("| ").append(String.join(" | ", row.fault(), row.expected(), names, mutants));
      page.append(" |\n");
      table.append(row.name()).append('\t').append(names.replace("<br>", ",")).append('\n');
    }
    long tested = tests().stream().map(test -> survives(test).value()).distinct().count();
    page.append("\nFault rows with a named, mutation-checked test: ")
        .append(tested)
        .append(" of ")
        .append(FaultRow.values().length)
        .append(".\n");
    if (Boolean.getBoolean("larder.docs.write")) {
      Files.writeString(PAGE, page);
      Files.createDirectories(TABLE.toAbsolutePath().getParent());
      Files.writeString(TABLE, table);
    }
    String how = "run this test with -Dlarder.docs.write=true";
    assertThat(Files.readString(PAGE)).as(how).isEqualTo(page.toString());
    assertThat(Files.readString(TABLE)).as(how).isEqualTo(table.toString());
  }

  private static String name(Method test) {
    return test.getDeclaringClass().getSimpleName() + "." + test.getName();
  }

  /** A method's name as words. */
  private static String words(String name) {
    return name.replaceAll("([A-Z])", " $1").toLowerCase(Locale.ROOT);
  }

  private static final String HEAD =
      """
      # The faults a device store survives

      Reference. For each: acknowledged ⊆ recovered ∪ legitimately evicted; never wrong bytes; a second recovery equals the
      first; crashes inside recovery count, too. Each row has a test. `FaultRowsTest`, which writes this table, also runs the
      test on a store broken in each of the ways in the last column; there it must fail every time.

      | fault | expected | test | fails on a store that |
      |---|---|---|---|
      """;
}
