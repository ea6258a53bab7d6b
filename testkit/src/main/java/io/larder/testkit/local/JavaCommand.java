package io.larder.testkit.local;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The command line of a JVM like this one: same Java, same class path, same options of Larder's.
 */
public final class JavaCommand {
  private static final List<String> INHERITED =
      List.of("--enable-native-access", "--sun-misc-unsafe", "-XX:+UseCompactObjectHeaders");

  private JavaCommand() {}

  /** {@code java options… -cp … main}, to which arguments may be added. */
  public static List<String> of(Class<?> main, List<String> jvmOptions) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    for (String option : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
      if (INHERITED.stream().anyMatch(option::startsWith)) {
        command.add(option);
      }
    }
    command.addAll(jvmOptions);
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(main.getName());
    return command;
  }
}
