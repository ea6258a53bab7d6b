package io.larder.cli.admin;

import io.larder.cli.console.Output;
import io.larder.cli.console.OutputForm;
import io.larder.coordinator.registry.ZooKeeperOptions;
import java.io.PrintWriter;
import java.time.Duration;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Options of every command on a cluster: its address and the form of the output. Data goes to
 * standard output, messages to standard error.
 */
@SuppressWarnings("NullAway.Init") // picocli sets the spec
final class ClusterOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

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
      names = {"-o", "--output"},
      paramLabel = "table|json",
      defaultValue = "table",
      description = "Form of the output (default: ${DEFAULT-VALUE}).")
  private OutputForm form = OutputForm.table;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "10",
      description = "Time to wait for ZooKeeper (default: ${DEFAULT-VALUE}).")
  private int timeoutSeconds;

  /** The options of a session; throws a usage error if they are invalid. */
  ZooKeeperOptions zooKeeper() {
    if (timeoutSeconds < 1) {
      throw usage("--timeout " + timeoutSeconds + ": at least 1");
    }
    try {
      return ZooKeeperOptions.of(zookeeper, cluster);
    } catch (IllegalArgumentException e) {
      throw usage(String.valueOf(e.getMessage()));
    }
  }

  Duration timeout() {
    return Duration.ofSeconds(timeoutSeconds);
  }

  /** The flags that name the cluster, for commands shown to the operator. */
  String sameCluster() {
    return "--zookeeper " + zookeeper + " --cluster " + cluster;
  }

  /** The error message for a ZooKeeper that does not answer. */
  String noAnswer() {
    return "no answer from ZooKeeper at %s within %d s: start it or correct --zookeeper"
        .formatted(zookeeper, timeoutSeconds);
  }

  ParameterException usage(String message) {
    return new ParameterException(command.commandLine(), message);
  }

  PrintWriter out() {
    return command.commandLine().getOut();
  }

  void say(String message) {
    PrintWriter err = command.commandLine().getErr();
    err.println(message);
    err.flush();
  }

  boolean asJson() {
    return form == OutputForm.json;
  }

  void json(Object value) {
    out().println(Output.json(value));
  }
}
