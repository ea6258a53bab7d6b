package io.larder.node.server.command;

import io.larder.node.service.ServiceException;
import io.larder.protocol.Reply;
import java.util.Locale;
import java.util.stream.Collectors;

/** CLIENT and its subcommands, as far as clients send them. */
final class ClientCommand {
  private ClientCommand() {}

  static Answer run(Call call) {
    Session session = call.session();
    session.introduced();
    return switch (call.word(1)) {
      case "SETNAME" -> {
        call.checkCount(3);
        session.name = checkName(call.text(2));
        yield Answer.OK;
      }
      case "GETNAME" -> Answer.now(session.name.isEmpty() ? Reply.NULL : Reply.bulk(session.name));
      case "ID" -> Answer.now(Reply.of(session.id().number()));
      case "INFO" -> Answer.now(Reply.bulk(session.describe() + "\n"));
      case "LIST" ->
          Answer.now(
              Reply.bulk(
                  call.context().sessions().stream()
                      .map(open -> open.describe() + "\n")
                      .collect(Collectors.joining())));
      case "SETINFO" -> setInfo(call);
      case "NO-EVICT", "NO-TOUCH" -> {
        call.checkCount(3);
        yield Answer.OK;
      }
      case "TRACKING", "REPLY" -> onlyAsItIs(call);
      default -> throw call.unknownSubcommand();
    };
  }

  private static Answer setInfo(Call call) {
    call.checkCount(4);
    String value = call.text(3);
    if (!isPlain(value)) {
      return Answer.error(
          "ERR " + call.text(2) + " cannot contain spaces, newlines or special characters.");
    }
    switch (call.word(2)) {
      case "LIB-NAME" -> call.session().library = value;
      case "LIB-VER" -> call.session().libraryVersion = value;
      default -> {
        return Answer.error("ERR Unrecognized option '" + call.text(2) + "'");
      }
    }
    return Answer.OK;
  }

  /** REPLY ON and TRACKING OFF ask for nothing new. */
  private static Answer onlyAsItIs(Call call) {
    boolean asItIs = call.word(2).equals(call.word(1).equals("REPLY") ? "ON" : "OFF");
    return asItIs
        ? Answer.OK
        : Answer.error(
            "ERR CLIENT "
                + call.word(1)
                + " "
                + call.word(2).toUpperCase(Locale.ROOT)
                + " is not supported");
  }

  static String checkName(String name) {
    if (!isPlain(name)) {
      throw new ServiceException(
          "ERR Client names cannot contain spaces, newlines or special characters.");
    }
    return name;
  }

  private static boolean isPlain(String text) {
    return text.length() <= 256 && text.chars().allMatch(c -> c >= '!' && c <= '~');
  }
}
