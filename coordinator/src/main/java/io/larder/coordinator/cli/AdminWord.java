package io.larder.coordinator.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.larder.coordinator.controller.ClusterAdmin;
import io.larder.coordinator.moves.RefusedException;
import io.larder.coordinator.registry.ZooKeeperOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * What the words of {@code larder admin} share: how the cluster is found, data on standard output
 * as a table or as JSON, messages on standard error, and the exit codes.
 */
@Command(
    mixinStandardHelpOptions = true,
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:failed or refused",
      "2:usage",
      "3:unhealthy or differs",
      "4:timeout"
    })
abstract class AdminWord implements Callable<Integer> {
  static final int OK = 0;
  static final int FAILED = 1;
  static final int DIFFERS = 3;
  static final int TIMEOUT = 4;

  /** Forms of output. */
  enum Output {
    table,
    json
  }

  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = "--zookeeper",
      paramLabel = "HOST:PORT[,…]",
      defaultValue = "127.0.0.1:2181",
      description = "ZooKeeper servers (default: ${DEFAULT-VALUE}).")
  private String zookeeper = "";

  @Option(
      names = "--cluster",
      paramLabel = "NAME",
      defaultValue = ZooKeeperOptions.DEFAULT_CLUSTER,
      description = "Cluster name (default: ${DEFAULT-VALUE}).")
  private String cluster = "";

  @Option(
      names = "--password-file",
      paramLabel = "FILE",
      description = "File with the nodes' password, if they have one.")
  private @Nullable Path passwordFile;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "table|json",
      defaultValue = "table",
      description = "Form of the output (default: ${DEFAULT-VALUE}).")
  private Output output = Output.table;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "10",
      description = "How long to wait for ZooKeeper (default: ${DEFAULT-VALUE}).")
  private int timeoutSeconds;

  /** What the word does; messages go through {@link #say}. */
  abstract int run(ClusterAdmin admin) throws RefusedException, IOException, InterruptedException;

  @Override
  public Integer call() throws InterruptedException {
    ZooKeeperOptions options = options();
    try (ClusterAdmin admin =
        ClusterAdmin.connect(options, Duration.ofSeconds(timeoutSeconds), password())) {
      return run(admin);
    } catch (TimeoutException e) {
      say(String.valueOf(e.getMessage()));
      return TIMEOUT;
    } catch (RefusedException e) {
      say(e.getMessage() + ". Nothing was changed");
      return FAILED;
    } catch (IOException e) {
      say(String.valueOf(e.getMessage()));
      return FAILED;
    } finally {
      out().flush();
    }
  }

  /** As given on the command line. */
  ZooKeeperOptions options() {
    try {
      return ZooKeeperOptions.of(zookeeper, cluster);
    } catch (IllegalArgumentException e) {
      throw usage(String.valueOf(e.getMessage()));
    }
  }

  Duration timeout() {
    return Duration.ofSeconds(timeoutSeconds);
  }

  private @Nullable String password() {
    if (passwordFile == null) {
      return null;
    }
    try {
      return Files.readString(passwordFile).strip();
    } catch (IOException e) {
      throw usage("the password file " + passwordFile + " cannot be read: " + e);
    }
  }

  ParameterException usage(String message) {
    return new ParameterException(spec().commandLine(), message);
  }

  PrintWriter out() {
    return spec().commandLine().getOut();
  }

  /** The flags that name the cluster, for commands shown to the operator. */
  String sameCluster() {
    return "--zookeeper " + zookeeper + " --cluster " + cluster;
  }

  void say(String message) {
    PrintWriter err = spec().commandLine().getErr();
    err.println(message);
    err.flush();
  }

  private CommandSpec spec() {
    CommandSpec known = spec;
    if (known == null) {
      throw new IllegalStateException("run through picocli");
    }
    return known;
  }

  boolean asJson() {
    return output == Output.json;
  }

  void json(Object value) throws JsonProcessingException {
    out()
        .println(
            JsonMapper.builder()
                .enable(SerializationFeature.INDENT_OUTPUT)
                .build()
                .writeValueAsString(value));
  }
}
