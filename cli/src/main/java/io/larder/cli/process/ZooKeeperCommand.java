package io.larder.cli.process;

import io.larder.cli.console.ExitCode;
import io.larder.testkit.embedded.EmbeddedZooKeeper;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** One server of the ZooKeeper ensemble of a local cluster; for internal use. */
@Command(
    name = "zookeeper",
    hidden = true,
    description = "Run one ZooKeeper server of a local cluster.")
@SuppressWarnings("NullAway.Init") // picocli sets them
public final class ZooKeeperCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(names = "--dir", required = true, description = "Where its data lies.")
  private Path dir;

  @Option(names = "--index", required = true, description = "Which member it is, from 0.")
  private int index;

  @Option(
      names = "--member",
      required = true,
      paramLabel = "HOST:CLIENT:QUORUM:ELECTION",
      description = "Every server of the ensemble, in order.")
  private List<String> members;

  @Option(names = "--exit-with-parent")
  private boolean exitWithParent;

  @Override
  public Integer call() throws Exception {
    List<EmbeddedZooKeeper.Member> ensemble = new ArrayList<>();
    for (String member : members) {
      String[] parts = member.split(":", -1);
      if (parts.length != 4) {
        throw new ParameterException(
            spec.commandLine(), "--member " + member + ": HOST:CLIENT:QUORUM:ELECTION");
      }
      ensemble.add(
          new EmbeddedZooKeeper.Member(
              parts[0],
              Integer.parseInt(parts[1]),
              Integer.parseInt(parts[2]),
              Integer.parseInt(parts[3])));
    }
    try (StopSignal stop = StopSignal.install(exitWithParent);
        EmbeddedZooKeeper _ = EmbeddedZooKeeper.startMember(dir, ensemble, index)) {
      stop.await();
    }
    return ExitCode.OK;
  }
}
