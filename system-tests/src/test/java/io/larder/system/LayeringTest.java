package io.larder.system;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.stream.Collectors.toCollection;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.larder.node.NodeProcess;
import io.larder.node.store.log.DeviceFormat;
import io.larder.node.store.log.DeviceVerifier;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * The layering, whole: each package has a row that names every package of Larder it may know, and
 * each library a row of the packages that may use it. Think hard before you add a word: a new arrow
 * is a new dependency for ever. Names are relative to {@code io.larder}.
 */
class LayeringTest {
  private static final String ROWS =
      """
      protocol:
      client: protocol
      coordinator.admin: coordinator.controller coordinator.moves coordinator.registry protocol
      coordinator.config: coordinator.registry protocol
      coordinator.controller: client coordinator.config coordinator.moves coordinator.placement \
      coordinator.registry protocol
      coordinator.http:
      coordinator.lease: coordinator.registry
      coordinator.moves: coordinator.config coordinator.placement coordinator.registry
      coordinator.placement: coordinator.registry
      coordinator.registry:
      node: coordinator.config coordinator.http coordinator.lease coordinator.registry \
      node.block node.config node.directory node.hot node.peer node.router node.router.cluster \
      node.server node.service node.store node.store.log protocol
      node.block: protocol
      node.config: coordinator.config node.device node.server node.store
      node.device:
      node.directory: node.block node.service protocol
      node.hot: node.block
      node.peer: node.block node.directory node.service protocol
      node.router: coordinator.registry node.block node.directory node.hot node.peer \
      node.router.announce node.router.cluster node.router.delete node.router.holder \
      node.router.move node.router.peer node.router.read node.router.write node.service \
      node.store protocol
      node.router.announce: node.block node.directory node.hot node.peer node.router.cluster \
      node.service node.store protocol
      node.router.cluster: coordinator.registry node.directory node.peer node.service
      node.router.delete: node.block node.directory node.peer node.router.announce \
      node.router.cluster node.router.holder node.service node.store protocol
      node.router.holder: node.block node.directory node.hot node.peer node.router.cluster \
      node.service node.store protocol
      node.router.move: node.block node.directory node.peer node.router.cluster \
      node.router.holder node.service node.store protocol
      node.router.peer: node.block node.directory node.peer node.router.announce \
      node.router.cluster node.router.delete node.router.holder node.router.move \
      node.router.write node.service node.store protocol
      node.router.read: node.block node.directory node.hot node.peer node.router.cluster \
      node.router.holder node.service node.store
      node.router.write: node.block node.directory node.hot node.peer node.router.cluster \
      node.router.holder node.service node.store protocol
      node.server: node.block node.server.command node.server.reply node.server.request \
      node.server.wire node.service protocol
      node.server.command: node.block node.service protocol
      node.server.reply: node.block node.server.command node.server.wire node.service protocol
      node.server.request: node.block node.server.command node.server.wire node.service
      node.server.wire: node.block protocol
      node.service: node.block protocol
      node.store: node.block node.device protocol
      node.store.format: protocol
      node.store.log: node.block node.device node.store node.store.format protocol
      testkit.embedded: client coordinator.config coordinator.controller coordinator.http node \
      node.config node.store node.store.log protocol
      testkit.local: coordinator.admin coordinator.registry node.store node.store.log \
      testkit.embedded
      bench: bench.verdict client protocol testkit.local
      bench.crash: bench node.block node.device node.store node.store.log protocol testkit.local
      bench.device: bench node.block node.device node.store node.store.log protocol
      bench.faults: bench bench.verdict client testkit.local
      bench.leases: bench client coordinator.registry node.directory node.service protocol \
      testkit.local
      bench.verdict:
      bench.wire: bench bench.device client testkit.local
      cli: cli.admin cli.bench cli.console cli.device cli.process
      cli.admin: cli.console coordinator.admin coordinator.config coordinator.controller \
      coordinator.moves coordinator.registry protocol
      cli.bench: bench bench.crash bench.device bench.faults bench.leases bench.verdict \
      bench.wire cli.console cli.doctor cli.process testkit.local
      cli.console: bench cli.doctor coordinator.config node.store protocol testkit.local
      cli.device: bench cli.console node.store node.store.log
      cli.doctor: coordinator.config node.config node.device
      cli.process: bench cli.console cli.doctor coordinator.config coordinator.controller \
      coordinator.http node node.config protocol testkit.embedded testkit.local
      """;

  private static final String LIBRARIES =
      """
      io.netty: protocol client node.server node.server.reply node.server.request node.server.wire \
      node.peer node.device
      io.micrometer: client coordinator.controller coordinator.http coordinator.lease node node.router \
      node.router.announce node.router.move node.router.read node.router.write node.server \
      cli.process
      org.apache.curator: coordinator.controller
      org.apache.zookeeper: coordinator.admin coordinator.controller coordinator.lease \
      coordinator.registry testkit.embedded bench.leases
      com.github.benmanes.caffeine: node.hot
      com.fasterxml.jackson: coordinator.config coordinator.moves coordinator.registry bench \
      bench.device bench.verdict cli.admin cli.console cli.process
      picocli: cli cli.admin cli.bench cli.console cli.device cli.process
      io.lettuce: bench.wire
      redis.clients: bench.wire
      """;

  /** What a production node runs starts at the first; operators run the others on its device. */
  private static final List<Class<?>> ROOTS_OF_THE_NODE =
      List.of(NodeProcess.class, DeviceFormat.class, DeviceVerifier.class);

  private static final int LARGEST_CIRCLE = 4;
  private static final String LARDER = "io.larder.";

  /** A jar of tests in a build, a folder of test classes in an editor. */
  private static final ImportOption NO_TESTS =
      location -> !location.contains("/test-classes/") && !location.contains("-tests.jar");

  private static final JavaClasses CLASSES =
      new ClassFileImporter().withImportOption(NO_TESTS).importPackages("io.larder");

  /** The table as a map from the word before a colon to the words behind it. */
  private static Map<String, Set<String>> table(String text) {
    Map<String, Set<String>> table = new TreeMap<>();
    text.lines()
        .forEach(line -> {
          String[] row = line.split(":", 2);
          Set<String> words =
              Arrays.stream(row[1].split(" "))
                  .filter(word -> !word.isEmpty())
                  .collect(toCollection(TreeSet::new));
          assertThat(table.put(row[0], words)).as("two rows of %s", row[0]).isNull();
        });
    return table;
  }

  private static String packageOf(JavaClass type) {
    return type.getPackageName().replaceFirst("^io\\.larder\\.", "");
  }

  private static JavaClass file(JavaClass type) {
    return type.getEnclosingClass().map(LayeringTest::file).orElse(type);
  }

  private static boolean isLarder(JavaClass type) {
    return type.getPackageName().startsWith(LARDER);
  }

  /** Every package with the packages of Larder that its classes know. */
  private static Map<String, Set<String>> known() {
    Map<String, Set<String>> known = new TreeMap<>();
    for (JavaClass type : CLASSES) {
      Set<String> row = known.computeIfAbsent(packageOf(type), _ -> new TreeSet<>());
      for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
        JavaClass target = dependency.getTargetClass().getBaseComponentType();
        if (isLarder(target) && !packageOf(target).equals(packageOf(type))) {
          row.add(packageOf(target));
        }
      }
    }
    return known;
  }

  @Test
  void eachPackageKnowsThePackagesOfItsRowAndNoOther() {
    assertThat(known()).isEqualTo(table(ROWS));
  }

  @Test
  void eachLibraryIsUsedInThePackagesOfItsRowAndInNoOther() {
    Map<String, Set<String>> rows = table(LIBRARIES);
    Map<String, Set<String>> used = new TreeMap<>();
    rows.keySet().forEach(library -> used.put(library, new TreeSet<>()));
    for (JavaClass type : CLASSES) {
      for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
        String target = dependency.getTargetClass().getBaseComponentType().getName();
        used.forEach((library, packages) -> {
          if (target.startsWith(library + ".")) {
            packages.add(packageOf(type));
          }
        });
      }
    }
    assertThat(used).isEqualTo(rows);
  }

  @Test
  void nothingBelowTheTestkitKnowsItAndProductionNeverKnowsTheBench() {
    known()
        .forEach((name, row) -> {
          if (name.matches("(protocol|client|coordinator|node)(\\..*)?")) {
            assertThat(row)
                .as(name)
                .noneMatch(other -> other.matches("(testkit|bench|cli)(\\..*)?"));
          }
          if (name.matches("testkit(\\..*)?")) {
            assertThat(row).as(name).noneMatch(other -> other.matches("(bench|cli)(\\..*)?"));
          }
          if (name.matches("bench(\\..*)?")) {
            assertThat(row).as(name).noneMatch(other -> other.matches("cli(\\..*)?"));
          }
        });
  }

  @Test
  void thereIsNoCircleOfPackages() {
    slices().matching("io.larder.(**)").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void theDeviceKnowsTheJdkAndTheRingOnly() {
    classes()
        .that()
        .resideInAPackage("io.larder.node.device")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "java..",
            "javax..",
            "org.jspecify..",
            "org.slf4j..",
            "io.larder.node.device",
            "io.netty.channel..",
            "io.netty.util.concurrent..")
        .check(CLASSES);
  }

  @Test
  void stateMachinesFormatsAndCommandsDoNoIo() {
    noClasses()
        .that()
        .resideInAnyPackage(
            "io.larder.coordinator.placement",
            "io.larder.node.directory",
            "io.larder.node.server.command",
            "io.larder.node.store.format")
        .should()
        .dependOnClassesThat(
            resideInAnyPackage("java.net..", "java.nio.file..", "java.nio.channels..", "io.netty..")
                // A session knows the addresses of its two ends.
                .and(not(assignableTo(SocketAddress.class))))
        .check(CLASSES);
  }

  @Test
  void theNodesJarHoldsWhatAProductionNodeRunsAndNothingElse() {
    Set<JavaClass> reached = new HashSet<>();
    Deque<JavaClass> next = new ArrayDeque<>();
    ROOTS_OF_THE_NODE.forEach(root -> next.add(CLASSES.get(root)));
    while (!next.isEmpty()) {
      JavaClass type = next.remove();
      if (reached.add(type)) {
        type.getDirectDependenciesFromSelf().stream()
            .map(dependency -> dependency.getTargetClass().getBaseComponentType())
            .filter(LayeringTest::isLarder)
            .forEach(next::add);
      }
    }
    Set<String> idle = new TreeSet<>();
    CLASSES.stream()
        .filter(type -> type.getName().startsWith(LARDER + "node."))
        .filter(type -> !type.getSimpleName().equals("package-info"))
        .forEach(type -> idle.add(file(type).getName()));
    reached.forEach(type -> idle.remove(file(type).getName()));
    assertThat(idle).isEmpty();
  }

  @Test
  void noCircleOfFilesIsLargerThanFour() {
    Map<String, Set<String>> edges = new TreeMap<>();
    for (JavaClass type : CLASSES) {
      String from = file(type).getName();
      Set<String> row = edges.computeIfAbsent(from, _ -> new TreeSet<>());
      for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
        JavaClass target = dependency.getTargetClass().getBaseComponentType();
        if (isLarder(target) && !file(target).getName().equals(from)) {
          row.add(file(target).getName());
        }
      }
    }
    assertThat(Circles.of(edges))
        .allSatisfy(circle -> assertThat(circle).hasSizeLessThanOrEqualTo(LARGEST_CIRCLE));
  }
}
