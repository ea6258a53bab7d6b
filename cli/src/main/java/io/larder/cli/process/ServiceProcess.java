package io.larder.cli.process;

import io.larder.cli.console.Execution;
import picocli.CommandLine.Command;

/** The process of one service of a local cluster: a node, a coordinator or a ZooKeeper server. */
@Command(
    name = "larder",
    subcommands = {NodeCommand.class, CoordinatorCommand.class, ZooKeeperCommand.class})
public final class ServiceProcess {
  private ServiceProcess() {}

  public static void main(String[] args) {
    Execution.main(new ServiceProcess(), args);
  }
}
