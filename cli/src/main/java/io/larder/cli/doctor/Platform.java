package io.larder.cli.doctor;

import java.util.Locale;

/** The operating system, and the JVM that everything runs on. */
final class Platform {
  private static final int JAVA = 25;

  private Platform() {}

  static Check system() {
    return system(System.getProperty("os.name"), System.getProperty("os.arch"));
  }

  static Check system(String name, String architecture) {
    String found = name + " " + architecture;
    boolean fits =
        name.toLowerCase(Locale.ROOT).equals("linux")
            && (architecture.equals("amd64") || architecture.equals("x86_64"));
    return fits
        ? Check.ok("system", found)
        : Check.missing(
            "system", found, "use Linux on x86-64, in a container or a machine of its own");
  }

  static Check jdk() {
    return jdk(Runtime.version().feature(), System.getProperty("java.home"));
  }

  static Check jdk(int feature, String home) {
    String found = "%d in %s".formatted(feature, home);
    return feature >= JAVA
        ? Check.ok("JDK", found)
        : Check.missing(
            "JDK", found, "install a JDK %d or set LARDER_JAVA_HOME to one".formatted(JAVA));
  }
}
