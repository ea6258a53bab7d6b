package io.larder.node;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The layering. Data flows down one staircase: {server, router} → service, router → {hot, store →
 * device}, {peer → directory → service}. Think hard before changing a list here: a new arrow is a
 * new dependency for ever.
 */
class LayeringTest {
  private static final String NODE = "io.larder.node.";
  private static final String[] JDK = {"java..", "javax..", "org.jspecify..", "org.slf4j.."};
  private static final JavaClasses LARDER =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.larder");

  /** A package and everything of Larder that it may know. */
  private static ArchRule mayKnow(String name, String... allowed) {
    String[] packages =
        Stream.concat(Stream.of(NODE + name + ".."), Stream.of(allowed)).toArray(String[]::new);
    return noClasses()
        .that()
        .resideInAPackage(NODE + name + "..")
        .should()
        .dependOnClassesThat(resideInAPackage("io.larder..").and(not(resideInAnyPackage(packages))))
        .allowEmptyShould(true)
        .as(name + " knows only " + String.join(", ", allowed));
  }

  /** A package of the router and those packages of the router that it may know. */
  private static ArchRule router(String name, String... allowed) {
    String[] packages =
        Stream.concat(Stream.of(name), Stream.of(allowed))
            .map(each -> NODE + "router." + each + "..")
            .toArray(String[]::new);
    return noClasses()
        .that()
        .resideInAPackage(NODE + "router." + name + "..")
        .should()
        .dependOnClassesThat(
            resideInAPackage(NODE + "router..").and(not(resideInAnyPackage(packages))))
        .as("router." + name + " knows of the router only " + String.join(", ", allowed));
  }

  private static ArchRule only(String library, String... packages) {
    return noClasses()
        .that()
        .resideOutsideOfPackages(packages)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(library)
        .as(library + " only in " + String.join(", ", packages));
  }

  static Stream<Arguments> rules() {
    return Stream.of(
            mayKnow("block", "io.larder.protocol.."),
            mayKnow("device"),
            mayKnow("store", NODE + "device..", NODE + "block..", "io.larder.protocol.."),
            mayKnow("hot", NODE + "block..", "io.larder.protocol.."),
            mayKnow("directory", NODE + "service..", NODE + "block..", "io.larder.protocol.."),
            mayKnow(
                "peer",
                NODE + "directory..",
                NODE + "service..",
                NODE + "block..",
                "io.larder.protocol.."),
            mayKnow("service", NODE + "block..", "io.larder.protocol.."),
            mayKnow("server", NODE + "service..", NODE + "block..", "io.larder.protocol.."),
            mayKnow(
                "router",
                NODE + "service..",
                NODE + "hot..",
                NODE + "store..",
                NODE + "directory..",
                NODE + "peer..",
                NODE + "block..",
                "io.larder.protocol..",
                "io.larder.coordinator.registry.."),
            router("cluster"),
            router("holder", "cluster"),
            router("read", "cluster", "holder"),
            router("write", "cluster", "holder"),
            router("announce", "cluster"),
            router("delete", "cluster", "holder", "announce"),
            router("move", "cluster", "holder"),
            router("peer", "cluster", "holder", "write", "announce", "delete", "move"),
            mayKnow(
                "doctor", NODE + "device..", NODE + "config..", "io.larder.coordinator.config.."),
            mayKnow(
                "bench",
                NODE + "local..",
                NODE + "directory..",
                NODE + "service..",
                NODE + "store..",
                NODE + "block..",
                NODE + "device..",
                "io.larder.client..",
                "io.larder.protocol..",
                "io.larder.coordinator.registry.."),
            classes()
                .that()
                .resideInAPackage(NODE + "device..")
                .should()
                .onlyDependOnClassesThat(
                    resideInAnyPackage(JDK)
                        .or(resideInAPackage(NODE + "device.."))
                        .or(resideInAnyPackage("io.netty.channel..", "io.netty.util.concurrent..")))
                .as("device imports the JDK and the ring only"),
            classes()
                .that()
                .resideInAPackage(NODE + "directory..")
                .should()
                .onlyDependOnClassesThat(
                    not(
                        resideInAnyPackage(
                            "java.net..", "java.nio.file..", "java.nio.channels..", "io.netty..")))
                .as("the directory does no I/O"),
            only(
                "io.netty..",
                "io.larder.protocol..",
                "io.larder.client..",
                NODE + "server..",
                NODE + "peer..",
                NODE + "device.."),
            only(
                "org.apache.curator..",
                "io.larder.coordinator.registry..",
                "io.larder.coordinator.lease..",
                "io.larder.coordinator.controller..",
                "io.larder.coordinator.embedded.."),
            only("org.apache.zookeeper..", "io.larder.coordinator..", NODE + "bench.leases.."),
            only("picocli..", NODE + "cli..", "io.larder.coordinator.cli.."),
            only("com.github.benmanes.caffeine..", NODE + "hot.."))
        .map(rule -> Arguments.argumentSet(rule.getDescription(), rule));
  }

  @ParameterizedTest
  @MethodSource("rules")
  void theLayersHold(ArchRule rule) {
    rule.check(LARDER);
  }
}
