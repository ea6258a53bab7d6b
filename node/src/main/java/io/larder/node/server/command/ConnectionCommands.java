package io.larder.node.server.command;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.larder.node.service.Refusal;
import io.larder.node.service.ServiceException;
import io.larder.protocol.Reply;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;

/** Commands about the connection itself. */
final class ConnectionCommands {
  /** The Redis version that clients see; some choose their commands by it. */
  static final String REDIS_VERSION = "7.2.0";

  private static final Answer WRONG_PASSWORD =
      Answer.refused(
          Refusal.NOT_AUTHENTICATED,
          "WRONGPASS invalid username-password pair or user is disabled.");

  private ConnectionCommands() {}

  static Answer ping(Call call) {
    return switch (call.count()) {
      case 1 -> Answer.now(Reply.PONG);
      case 2 -> Answer.now(new Reply.Bulk(call.arguments()[1]));
      default -> Answer.error("ERR wrong number of arguments for 'ping' command");
    };
  }

  static Answer echo(Call call) {
    return Answer.now(new Reply.Bulk(call.arguments()[1]));
  }

  /** {@code HELLO [2|3 [AUTH user password] [SETNAME name]]}. */
  static Answer hello(Call call) {
    Session session = call.session();
    session.introduced();
    boolean resp3 = session.isResp3();
    if (call.count() > 1) {
      long version;
      try {
        version = call.number(1);
      } catch (ServiceException _) {
        return Answer.error("ERR Protocol version is not an integer or out of range");
      }
      if (version != 2 && version != 3) {
        return Answer.error("NOPROTO unsupported protocol version");
      }
      resp3 = version == 3;
    }
    boolean authenticated = session.isAuthenticated();
    String name = session.name;
    for (int i = 2; i < call.count(); ) {
      switch (call.word(i)) {
        case "AUTH" -> {
          if (i + 2 >= call.count()) {
            return optionError(call, i);
          }
          if (!isPassword(call, call.text(i + 1), call.arguments()[i + 2])) {
            return WRONG_PASSWORD;
          }
          authenticated = true;
          i += 3;
        }
        case "SETNAME" -> {
          if (i + 1 >= call.count()) {
            return optionError(call, i);
          }
          name = ClientCommand.checkName(call.text(i + 1));
          i += 2;
        }
        default -> {
          return optionError(call, i);
        }
      }
    }
    if (!authenticated) {
      return Answer.refused(
          Refusal.NOT_AUTHENTICATED,
          "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO"
              + " <proto> AUTH <user> <pass> option can be used to authenticate the client and"
              + " select the RESP protocol version at the same time");
    }
    session.setAuthenticated(true);
    session.setResp3(resp3);
    session.name = name;
    return Answer.now(
        new Reply.Mapping(
            List.of(
                Reply.bulk("server"), Reply.bulk("redis"),
                Reply.bulk("version"), Reply.bulk(REDIS_VERSION),
                Reply.bulk("proto"), Reply.of(resp3 ? 3 : 2),
                Reply.bulk("id"), Reply.of(session.id().number()),
                Reply.bulk("mode"), Reply.bulk("standalone"),
                Reply.bulk("role"), Reply.bulk("master"),
                Reply.bulk("modules"), Reply.array())));
  }

  private static Answer optionError(Call call, int i) {
    return Answer.error("ERR Syntax error in HELLO option '" + call.text(i) + "'");
  }

  /** {@code AUTH password} and {@code AUTH user password}. */
  static Answer auth(Call call) {
    if (call.count() > 3) {
      return Answer.error("ERR syntax error");
    }
    if (call.settings().password() == null && call.count() == 2) {
      return Answer.error(
          "ERR AUTH <password> called without any password configured for the default user. Are"
              + " you sure your configuration is correct?");
    }
    String user = call.count() == 3 ? call.text(1) : "default";
    if (!isPassword(call, user, call.arguments()[call.count() - 1])) {
      call.context().reject(Rejection.NO_AUTH);
      return WRONG_PASSWORD;
    }
    call.session().setAuthenticated(true);
    return Answer.OK;
  }

  /** There is one user; if no password is configured, any is right, as with Redis's nopass. */
  private static boolean isPassword(Call call, String user, byte[] given) {
    String password = call.settings().password();
    return user.equals("default")
        && (password == null || MessageDigest.isEqual(password.getBytes(UTF_8), given));
  }

  static Answer select(Call call) {
    long index;
    try {
      index = call.number(1);
    } catch (ServiceException _) {
      return Answer.error("ERR invalid DB index");
    }
    return index == 0
        ? Answer.OK
        : Answer.error("ERR DB index is out of range: Larder has database 0 only");
  }

  static Answer quit(Call call) {
    call.session().quit();
    return Answer.OK;
  }

  static Answer reset(Call call) {
    Session session = call.session();
    session.transaction().close();
    session.setResp3(false);
    session.name = "";
    session.setAuthenticated(call.settings().password() == null);
    return Answer.now(new Reply.Simple("RESET"));
  }

  /** CONFIG GET of the keys that redis-benchmark and redis-cli read; there is no CONFIG SET. */
  static Answer config(Call call) {
    if (!call.word(1).equals("GET")) {
      return Answer.error(
          "ERR CONFIG " + call.word(1) + " is not supported: a node's configuration is its file");
    }
    if (call.count() < 3) {
      throw call.wrongArity();
    }
    List<Reply> found = new ArrayList<>();
    for (int i = 2; i < call.count(); i++) {
      String value =
          switch (call.word(i)) {
            case "SAVE" -> "";
            case "APPENDONLY" -> "no";
            case "DATABASES" -> "1";
            case "MAXCLIENTS" -> String.valueOf(call.settings().maxConnections());
            case "PROTO-MAX-BULK-LEN" -> String.valueOf(call.service().maxValueBytes());
            default -> null;
          };
      if (value != null) {
        found.add(Reply.bulk(call.text(i)));
        found.add(Reply.bulk(value));
      }
    }
    return Answer.now(new Reply.Mapping(found));
  }
}
