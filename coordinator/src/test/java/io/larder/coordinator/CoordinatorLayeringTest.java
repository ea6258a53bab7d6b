package io.larder.coordinator;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class CoordinatorLayeringTest {
  private static final JavaClasses COORDINATOR =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.larder.coordinator");

  @Test
  void placementDoesNoIo() {
    noClasses()
        .that()
        .resideInAPackage("io.larder.coordinator.placement..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "java.io..",
            "java.net..",
            "java.nio.file..",
            "java.nio.channels..",
            "org.apache..",
            "io.larder.coordinator.lease..",
            "io.larder.coordinator.controller..")
        .allowEmptyShould(true)
        .check(COORDINATOR);
  }

  @Test
  void theClusterImageDoesNoIo() {
    noClasses()
        .that()
        .haveSimpleName("ClusterImage")
        .or()
        .haveSimpleName("SlotTable")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.io..", "java.net..", "java.nio.file..", "org.apache..")
        .check(COORDINATOR);
  }
}
