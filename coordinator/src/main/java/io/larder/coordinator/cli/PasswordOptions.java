package io.larder.coordinator.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The nodes' password: from a file or the environment, never from the command line. */
public final class PasswordOptions {
  /** The environment variable. */
  public static final String VARIABLE = "LARDER_PASSWORD";

  @Spec(Spec.Target.MIXEE)
  private @Nullable CommandSpec command;

  @Option(
      names = "--password-file",
      paramLabel = "FILE",
      description = "File with the nodes' password, if they have one. Default: $" + VARIABLE + ".")
  private @Nullable Path file;

  /** The password; null if the nodes have none. */
  public @Nullable String password() {
    Path source = file;
    if (source == null) {
      String given = System.getenv(VARIABLE);
      return given == null || given.isEmpty() ? null : given;
    }
    String password;
    try {
      password = Files.readString(source).strip();
    } catch (IOException e) {
      throw usage("the password file " + source + " cannot be read: " + e);
    }
    if (password.isEmpty()) {
      throw usage("the password file " + source + " is empty");
    }
    return password;
  }

  private ParameterException usage(String message) {
    if (command == null) {
      throw new IllegalStateException("these options belong to a command");
    }
    return new ParameterException(command.commandLine(), message);
  }
}
