package io.larder.cli.admin;

import io.larder.cli.console.ExitCode;
import io.larder.cli.console.NodeAccessOptions;
import io.larder.coordinator.admin.ClusterAdmin;
import io.larder.coordinator.moves.RefusedException;
import io.larder.coordinator.registry.ZooKeeperOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParameterException;

/**
 * The base of the subcommands of {@code larder admin}: the options of the cluster, data on standard
 * output as a table or as JSON, messages on standard error, and the exit codes.
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
abstract class AdminSubcommand implements Callable<Integer> {

  @Mixin private ClusterOptions cluster = new ClusterOptions();

  @Mixin private NodeAccessOptions nodes = new NodeAccessOptions();

  /** Runs the subcommand; messages go through {@link #say}. */
  abstract int run(ClusterAdmin admin) throws RefusedException, IOException, InterruptedException;

  @Override
  public Integer call() throws InterruptedException {
    ZooKeeperOptions options = cluster.zooKeeper();
    try (ClusterAdmin admin =
        ClusterAdmin.connect(options, cluster.timeout(), nodes.connection())) {
      return run(admin);
    } catch (TimeoutException _) {
      say(cluster.noAnswer());
      return ExitCode.TIMEOUT;
    } catch (RefusedException e) {
      say(e.getMessage() + ". Nothing was changed");
      return ExitCode.FAILED;
    } catch (IOException e) {
      say(String.valueOf(e.getMessage()));
      return ExitCode.FAILED;
    } finally {
      out().flush();
    }
  }

  /** The options that name the cluster. */
  ClusterOptions cluster() {
    return cluster;
  }

  ParameterException usage(String message) {
    return cluster.usage(message);
  }

  PrintWriter out() {
    return cluster.out();
  }

  void say(String message) {
    cluster.say(message);
  }

  boolean asJson() {
    return cluster.asJson();
  }

  void json(Object value) {
    cluster.json(value);
  }
}
