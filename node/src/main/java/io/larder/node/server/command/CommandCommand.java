package io.larder.node.server.command;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.larder.protocol.Reply;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** COMMAND and its subcommands: descriptions of the commands for redis-cli and cluster clients. */
final class CommandCommand {
  private CommandCommand() {}

  static Answer run(Call call) {
    CommandTable table = call.context().commands();
    return switch (call.word(1)) {
      case "" -> Answer.now(array(table.published().stream().map(CommandCommand::info).toList()));
      case "COUNT" -> Answer.now(Reply.of(table.published().size()));
      case "LIST" ->
          Answer.now(array(table.published().stream().map(s -> Reply.bulk(lower(s))).toList()));
      case "INFO" -> {
        List<Reply> infos = new ArrayList<>();
        for (CommandSpec spec : named(call)) {
          infos.add(spec.isUnknown() ? Reply.NULL : info(spec));
        }
        yield Answer.now(array(infos));
      }
      case "DOCS" -> {
        List<Reply> docs = new ArrayList<>();
        for (CommandSpec spec : named(call)) {
          if (!spec.isUnknown()) {
            docs.add(Reply.bulk(lower(spec)));
            docs.add(docs(spec));
          }
        }
        yield Answer.now(new Reply.Mapping(docs));
      }
      default -> throw call.unknownSubcommand();
    };
  }

  /** The commands named, or all. */
  private static List<CommandSpec> named(Call call) {
    CommandTable table = call.context().commands();
    if (call.count() == 2) {
      return table.published();
    }
    List<CommandSpec> specs = new ArrayList<>();
    for (int i = 2; i < call.count(); i++) {
      specs.add(table.find(call.text(i).getBytes(UTF_8)));
    }
    return specs;
  }

  private static Reply info(CommandSpec spec) {
    List<Reply> flags = new ArrayList<>();
    for (String flag : spec.flags()) {
      flags.add(new Reply.Simple(flag));
    }
    return Reply.array(
        Reply.bulk(lower(spec)),
        Reply.of(spec.arity()),
        array(flags),
        Reply.of(spec.firstKey()),
        Reply.of(spec.lastKey()),
        Reply.of(spec.firstKey() == 0 ? 0 : 1),
        Reply.array(),
        Reply.array(),
        Reply.array(),
        Reply.array());
  }

  private static Reply docs(CommandSpec spec) {
    boolean redis = spec.family() != CommandSpec.Family.LARDER;
    return new Reply.Mapping(
        List.of(
            Reply.bulk("summary"),
            Reply.bulk(redis ? "As in Redis." : "Larder's own; see its wire reference."),
            Reply.bulk("since"),
            Reply.bulk("1.0.0"),
            Reply.bulk("group"),
            Reply.bulk(spec.firstKey() > 0 ? "string" : "connection")));
  }

  private static String lower(CommandSpec spec) {
    return spec.name().toLowerCase(Locale.ROOT);
  }

  private static Reply array(List<Reply> elements) {
    return new Reply.Array(elements);
  }
}
