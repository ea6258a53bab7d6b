package io.larder.node.server.command;

import io.larder.node.block.MemoryPool;
import io.larder.node.service.ClusterView;
import io.larder.node.service.NodeAccount;
import io.larder.node.service.Refusal;
import io.larder.protocol.Reply;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** INFO: those of Redis's sections and names that Larder has figures for. */
final class InfoCommand {
  private static final Set<String> EVERYTHING = Set.of("ALL", "DEFAULT", "EVERYTHING");

  private InfoCommand() {}

  static Answer run(Call call) {
    Set<String> wanted = new HashSet<>();
    for (int i = 1; i < call.count(); i++) {
      wanted.add(call.word(i));
    }
    boolean all = wanted.isEmpty() || wanted.stream().anyMatch(EVERYTHING::contains);
    StringBuilder text = new StringBuilder();
    for (Section section : Section.values()) {
      if (all || wanted.contains(section.name())) {
        if (!text.isEmpty()) {
          text.append("\r\n");
        }
        String name = section.name();
        line(text, "# " + name.charAt(0) + name.substring(1).toLowerCase(Locale.ROOT));
        write(section, text, call);
      }
    }
    return Answer.now(Reply.bulk(text.toString()));
  }

  private enum Section {
    SERVER,
    CLIENTS,
    MEMORY,
    STATS,
    REPLICATION,
    CLUSTER,
    KEYSPACE
  }

  private static void write(Section section, StringBuilder text, Call call) {
    switch (section) {
      case SERVER -> server(text, call);
      case CLIENTS -> clients(text, call);
      case MEMORY -> memory(text, call);
      case STATS -> stats(text, call);
      case REPLICATION -> replication(text, call);
      case CLUSTER -> line(text, "cluster_enabled:1");
      case KEYSPACE -> keyspace(text, call);
    }
  }

  private static void server(StringBuilder text, Call call) {
    ClusterView cluster = call.service().cluster();
    line(text, "redis_version:" + ConnectionCommands.REDIS_VERSION);
    line(text, "redis_mode:standalone");
    line(text, "server_name:larder");
    line(text, "larder_cluster:" + cluster.cluster());
    line(text, "larder_node:" + cluster.myId());
    line(text, "larder_incarnation:" + Long.toHexString(call.service().account().incarnation()));
    line(text, "os:" + System.getProperty("os.name") + " " + System.getProperty("os.version"));
    line(text, "arch_bits:64");
    line(text, "process_id:" + ProcessHandle.current().pid());
    line(text, "run_id:" + cluster.myId());
    ServerFigures figures = call.context().figures();
    line(text, "tcp_port:" + figures.port());
    line(text, "uptime_in_seconds:" + figures.upSeconds());
    line(text, "uptime_in_days:" + figures.upSeconds() / 86_400);
  }

  private static void clients(StringBuilder text, Call call) {
    line(text, "connected_clients:" + call.context().figures().connections());
    line(text, "maxclients:" + call.settings().maxConnections());
  }

  private static void memory(StringBuilder text, Call call) {
    MemoryPool pool = call.service().pool();
    line(text, "used_memory:" + pool.usedBytes());
    line(text, "maxmemory:" + pool.capacityBytes());
    line(text, "maxmemory_policy:allkeys-lru");
    line(text, "larder_memory_waiting:" + pool.waiting());
    Runtime heap = Runtime.getRuntime();
    line(text, "larder_heap_used:" + (heap.totalMemory() - heap.freeMemory()));
    line(text, "larder_heap_max:" + heap.maxMemory());
  }

  private static void stats(StringBuilder text, Call call) {
    ServerFigures figures = call.context().figures();
    line(text, "total_connections_received:" + figures.accepted());
    line(text, "total_commands_processed:" + figures.commands());
    line(text, "total_net_input_bytes:" + figures.receivedBytes());
    line(text, "total_net_output_bytes:" + figures.sentBytes());
    NodeAccount account = call.service().account();
    line(text, "evicted_keys:" + account.evicted());
    line(text, "larder_damaged_records:" + account.damaged());
    line(text, "larder_slots_syncing:" + account.syncingSlots());
    line(text, "larder_deletes_noted:" + account.notedDeletes());
    line(text, "larder_deletes_notes_dropped:" + account.droppedNotes());
    line(text, "larder_puts_withdrawn:" + account.withdrawnPuts());
    line(text, "keyspace_hits:" + figures.readHits());
    line(text, "keyspace_misses:" + figures.readMisses());
    line(text, "rejected_connections:" + figures.turnedAway());
    Map<Refusal, Long> dropped = figures.dropped();
    line(text, "puts_dropped:" + dropped.values().stream().mapToLong(count -> count).sum());
    dropped.forEach((reason, count) -> {
      if (count > 0) {
        line(text, "puts_dropped_" + reason.name().toLowerCase(Locale.ROOT) + ":" + count);
      }
    });
  }

  /** GLIDE needs {@code role:master}. */
  private static void replication(StringBuilder text, Call call) {
    line(text, "role:master");
    line(text, "connected_slaves:0");
    line(text, "master_replid:" + call.service().cluster().myId());
    line(text, "master_repl_offset:0");
  }

  private static void keyspace(StringBuilder text, Call call) {
    long keys = call.service().localKeyCount();
    if (keys > 0) {
      line(text, "db0:keys=" + keys + ",expires=0,avg_ttl=0");
    }
  }

  private static void line(StringBuilder text, String line) {
    text.append(line).append("\r\n");
  }
}
