package io.larder.node.server.command;

import io.larder.node.server.command.CommandSpec.Family;
import io.larder.node.server.command.CommandSpec.PayloadPlace;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Every command with its handler. Immutable. */
public final class Commands {
  private static final Set<Outcome> PLAIN = EnumSet.of(Outcome.OK, Outcome.ERROR);
  private static final Set<Outcome> READ =
      EnumSet.of(Outcome.HIT, Outcome.MISS, Outcome.OK, Outcome.ERROR);
  private static final Set<Outcome> PUT =
      EnumSet.of(Outcome.STORED, Outcome.EXISTS, Outcome.HELD, Outcome.ERROR);
  private static final Set<Outcome> SET =
      EnumSet.of(Outcome.STORED, Outcome.EXISTS, Outcome.HELD, Outcome.DROPPED, Outcome.ERROR);

  private final List<CommandSpec> specs = new ArrayList<>();
  private final List<Handler> handlers = new ArrayList<>();
  private final CommandTable table;

  public Commands() {
    read("GET", 2, 1, PlainAnswer.NIL, BlockCommands::get);
    read("MGET", -2, -1, PlainAnswer.NIL_EACH, BlockCommands::mget);
    put("SET", -3, Family.REDIS, PayloadPlace.THIRD, PlainAnswer.ACCEPTED, SET);
    keys("EXISTS", -2, -1, PlainAnswer.ZERO, BlockCommands::exists, "readonly", "fast");
    keys("DEL", -2, -1, PlainAnswer.ZERO, BlockCommands::delete, "write");
    keys("UNLINK", -2, -1, PlainAnswer.ZERO, BlockCommands::delete, "write", "fast");
    keys("STRLEN", 2, 1, PlainAnswer.ZERO, BlockCommands::strlen, "readonly", "fast");
    keys("TTL", 2, 1, PlainAnswer.NO_KEY, BlockCommands::ttl, "readonly", "fast");
    keys("PTTL", 2, 1, PlainAnswer.NO_KEY, BlockCommands::pttl, "readonly", "fast");
    plain("DBSIZE", 1, 0, 0, BlockCommands::dbsize, "readonly", "fast");

    plain("PING", -1, 0, 0, ConnectionCommands::ping, "fast");
    plain("ECHO", 2, 0, 0, ConnectionCommands::echo, "fast");
    plain("HELLO", -1, 0, 0, ConnectionCommands::hello, "noscript", "fast", "no_auth", "no_multi");
    add(
        "AUTH",
        -2,
        Family.REDIS,
        0,
        0,
        PayloadPlace.NONE,
        PlainAnswer.ERROR_AND_END,
        List.of("noscript", "fast", "no_auth", "no_multi"),
        PLAIN,
        ConnectionCommands::auth);
    plain("SELECT", 2, 0, 0, ConnectionCommands::select, "fast");
    plain("CLIENT", -2, 0, 0, ClientCommand::run, "noscript");
    transaction("QUIT", -1, ConnectionCommands::quit, "fast", "no_auth");
    transaction("RESET", 1, ConnectionCommands::reset, "fast", "no_auth");
    transaction("MULTI", 1, TransactionCommands::multi, "noscript", "fast");
    transaction("EXEC", 1, TransactionCommands::exec, "noscript");
    transaction("DISCARD", 1, TransactionCommands::discard, "noscript", "fast");
    transaction("WATCH", -2, TransactionCommands::watch, "noscript", "fast");
    plain("UNWATCH", 1, 0, 0, call -> Answer.OK, "noscript", "fast");
    plain("READONLY", 1, 0, 0, call -> Answer.OK, "fast");
    plain("READWRITE", 1, 0, 0, call -> Answer.OK, "fast");
    plain("INFO", -1, 0, 0, InfoCommand::run, "loading", "stale");
    plain("CONFIG", -2, 0, 0, ConnectionCommands::config, "admin", "noscript");
    plain("COMMAND", -1, 0, 0, CommandCommand::run, "loading", "stale");
    plain("CLUSTER", -2, 0, 0, ClusterCommand::run, "stale");

    larderRead("KV.GET", LarderCommands::get);
    put("KV.PUT", -4, Family.LARDER, PayloadPlace.LAST, PlainAnswer.ERROR, PUT);
    larder("KV.LEASE", -3, 2, -1, LarderCommands::lease, "write");
    larder("KV.COMMIT", 3, 1, 1, LarderCommands::commit, "write");
    larder("KV.ABORT", 3, 1, 1, LarderCommands::abort, "write");
    larder("KV.PREFIX", -2, 1, -1, LarderCommands::prefix, "readonly");
    larder("KV.LOCATE", -2, 1, -1, LarderCommands::locate, "readonly");
    larder("KV.PIN", 2, 1, 1, LarderCommands::pin, "write");
    larder("KV.UNPIN", 2, 1, 1, LarderCommands::unpin, "write");
    larderRead("PEER.GET", LarderCommands::peerGet);
    // The router serves all other commands between peers.
    larder("PEER.*", -1, 0, 0, LarderCommands::peer, "admin");

    plain(
        CommandSpec.UNKNOWN,
        -1,
        0,
        0,
        call -> {
          throw new IllegalStateException("an unknown command was executed");
        });
    table = new CommandTable(specs);
  }

  public CommandTable table() {
    return table;
  }

  /**
   * Runs a command, or queues it between MULTI and EXEC.
   *
   * @param put the put that has arrived with the call; null for other commands
   */
  public Answer run(Call call, @Nullable ReceivedPut put) {
    Handler handler = handlers.get(call.spec().ordinal());
    Transaction transaction = call.session().transaction();
    if (transaction.isOpen() && call.spec().family() != Family.TRANSACTION) {
      CommandStep step = new CommandStep(call, handler, put);
      return transaction.add(step, transaction.isGood() ? step.weight() : 0);
    }
    return put == null ? handler.run(call) : put.store(call);
  }

  private void read(String name, int arity, int last, PlainAnswer plain, Handler handler) {
    List<String> flags = List.of("readonly", "fast");
    add(name, arity, Family.REDIS, 1, last, PayloadPlace.NONE, plain, flags, READ, handler);
  }

  private void larderRead(String name, Handler handler) {
    PayloadPlace none = PayloadPlace.NONE;
    List<String> flags = List.of("readonly");
    add(name, 2, Family.LARDER, 1, 1, none, PlainAnswer.ERROR, flags, READ, handler);
  }

  private void put(
      String name,
      int arity,
      Family family,
      PayloadPlace payload,
      PlainAnswer plain,
      Set<Outcome> outcomes) {
    add(
        name,
        arity,
        family,
        1,
        1,
        payload,
        plain,
        List.of("write", "denyoom"),
        outcomes,
        call -> {
          throw new IllegalStateException("a put is executed as its payload arrives");
        });
  }

  private void keys(
      String name, int arity, int last, PlainAnswer plain, Handler handler, String... flags) {
    PayloadPlace none = PayloadPlace.NONE;
    add(name, arity, Family.REDIS, 1, last, none, plain, List.of(flags), PLAIN, handler);
  }

  private void plain(
      String name, int arity, int first, int last, Handler handler, String... flags) {
    add(name, arity, Family.REDIS, first, last, handler, flags);
  }

  private void transaction(String name, int arity, Handler handler, String... flags) {
    add(name, arity, Family.TRANSACTION, 0, 0, handler, flags);
  }

  private void larder(
      String name, int arity, int first, int last, Handler handler, String... flags) {
    add(name, arity, Family.LARDER, first, last, handler, flags);
  }

  /** A command without a payload whose errors are sent to every client. */
  private void add(
      String name,
      int arity,
      Family family,
      int first,
      int last,
      Handler handler,
      String... flags) {
    PayloadPlace none = PayloadPlace.NONE;
    PlainAnswer plain = PlainAnswer.ERROR;
    add(name, arity, family, first, last, none, plain, List.of(flags), PLAIN, handler);
  }

  private void add(
      String name,
      int arity,
      Family family,
      int first,
      int last,
      PayloadPlace payload,
      PlainAnswer plain,
      List<String> flags,
      Set<Outcome> outcomes,
      Handler handler) {
    specs.add(
        new CommandSpec(
            specs.size(), name, arity, family, first, last, payload, plain, flags, outcomes));
    handlers.add(handler);
  }
}
