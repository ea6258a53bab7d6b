package io.larder.cli.console;

/** The forms of a command's output, as the command line names them. */
public enum OutputForm {
  table,
  json
}
