package io.larder;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class ClientLayeringTest {
  private static final JavaClasses CLIENT =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.larder");

  @Test
  void whoEmbedsTheClientGetsNettyAndMicrometerOnly() {
    classes()
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "java..",
            "javax.net.ssl..",
            "io.larder..",
            "io.netty..",
            "io.micrometer..",
            "org.slf4j..",
            "org.jspecify..")
        .check(CLIENT);
  }

  @Test
  void theProtocolDoesNotKnowTheClient() {
    noClasses()
        .that()
        .resideInAPackage("io.larder.protocol..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.larder.client..")
        .check(CLIENT);
  }
}
