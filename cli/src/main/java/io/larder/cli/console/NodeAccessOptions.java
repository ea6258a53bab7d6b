package io.larder.cli.console;

import io.larder.protocol.ConnectionOptions;
import io.larder.protocol.Tls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Options of connections to nodes: TLS if authorities are given; the password from a file or the
 * environment, never from the command line.
 */
@SuppressWarnings("NullAway.Init") // picocli sets the spec
public final class NodeAccessOptions {
  /** The environment variable. */
  public static final String VARIABLE = "LARDER_PASSWORD";

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--password-file",
      paramLabel = "FILE",
      description = "File with the nodes' password, if they have one. Default: $" + VARIABLE + ".")
  private @Nullable Path file;

  @Option(
      names = "--tls-authorities",
      paramLabel = "PEM",
      description = "Authorities to trust, if the nodes use TLS.")
  private @Nullable Path authorities;

  @Option(
      names = "--tls-certificate",
      paramLabel = "PEM",
      description = "Certificate to present to nodes that require one.")
  private @Nullable Path certificate;

  @Option(names = "--tls-key", paramLabel = "PEM", description = "Its private key.")
  private @Nullable Path key;

  /** The options of the connections. */
  public ConnectionOptions connection() {
    try {
      Tls tls = authorities == null ? null : Tls.of(authorities, certificate, key);
      return ConnectionOptions.DEFAULTS.withPassword(password()).withTls(tls);
    } catch (IOException e) {
      throw usage(String.valueOf(e.getMessage()));
    }
  }

  private @Nullable String password() {
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
    return new ParameterException(command.commandLine(), message);
  }
}
