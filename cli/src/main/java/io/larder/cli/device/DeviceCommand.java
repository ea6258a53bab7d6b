package io.larder.cli.device;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Commands on a device that no node has open. */
@Command(
    name = "device",
    description = "Format, inspect or verify a node's device.",
    subcommands = {
      DeviceFormatCommand.class,
      DeviceInspectCommand.class,
      DeviceVerifyCommand.class
    })
@SuppressWarnings("NullAway.Init") // picocli sets the spec
public final class DeviceCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Which: format, inspect or verify?");
  }
}
