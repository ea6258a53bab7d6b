package io.larder.cli.console;

/** The exit codes of every command. */
public final class ExitCode {
  /** Done. */
  public static final int OK = 0;

  /** The command failed, or was refused. */
  public static final int FAILED = 1;

  /** Wrong usage or configuration. */
  public static final int USAGE = 2;

  /** Something is not healthy, or differs from a plan. */
  public static final int UNHEALTHY = 3;

  /** Not done in time. */
  public static final int TIMEOUT = 4;

  private ExitCode() {}
}
