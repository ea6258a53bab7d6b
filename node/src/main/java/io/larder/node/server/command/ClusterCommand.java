package io.larder.node.server.command;

import io.larder.node.service.ClusterView;
import io.larder.node.service.ClusterView.Member;
import io.larder.node.service.ClusterView.SlotRange;
import io.larder.protocol.Reply;
import io.larder.protocol.Slots;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * CLUSTER: the slot table in Redis Cluster's forms.
 *
 * <p>Every node answers for the whole cluster and never sends MOVED, so the table only advises
 * where a key is nearest. Clients refuse a table that has gaps; the table therefore shows slots of
 * an owner that is away as this node's.
 */
final class ClusterCommand {
  private ClusterCommand() {}

  static Answer run(Call call) {
    ClusterView view = call.service().cluster();
    return switch (call.word(1)) {
      case "SLOTS" -> Answer.now(slots(view));
      case "SHARDS" -> Answer.now(shards(view));
      case "NODES" -> Answer.now(Reply.bulk(nodes(view)));
      case "INFO" -> Answer.now(Reply.bulk(info(view)));
      case "MYID" -> Answer.now(Reply.bulk(view.myId()));
      case "KEYSLOT" -> {
        call.checkCount(3);
        yield Answer.now(Reply.of(Slots.of(call.arguments()[2])));
      }
      default -> throw call.unknownSubcommand();
    };
  }

  private static Reply slots(ClusterView view) {
    Map<String, Member> members = byId(view);
    List<Reply> ranges = new ArrayList<>();
    for (SlotRange range : covering(view)) {
      Member member = members.get(range.nodeId());
      if (member != null) {
        ranges.add(
            Reply.array(
                Reply.of(range.first()),
                Reply.of(range.last()),
                Reply.array(
                    Reply.bulk(member.host()),
                    Reply.of(member.port()),
                    Reply.bulk(member.nodeId()),
                    Reply.array())));
      }
    }
    return new Reply.Array(ranges);
  }

  private static Reply shards(ClusterView view) {
    List<SlotRange> ranges = covering(view);
    List<Reply> shards = new ArrayList<>();
    for (Member member : view.members()) {
      List<Reply> slots = new ArrayList<>();
      for (SlotRange range : ranges) {
        if (range.nodeId().equals(member.nodeId())) {
          slots.add(Reply.of(range.first()));
          slots.add(Reply.of(range.last()));
        }
      }
      shards.add(
          new Reply.Mapping(
              List.of(
                  Reply.bulk("slots"),
                  new Reply.Array(slots),
                  Reply.bulk("nodes"),
                  Reply.array(shardNode(member)))));
    }
    return new Reply.Array(shards);
  }

  private static Reply shardNode(Member member) {
    return new Reply.Mapping(
        List.of(
            Reply.bulk("id"), Reply.bulk(member.nodeId()),
            Reply.bulk("port"), Reply.of(member.port()),
            Reply.bulk("ip"), Reply.bulk(member.host()),
            Reply.bulk("endpoint"), Reply.bulk(member.host()),
            Reply.bulk("role"), Reply.bulk("master"),
            Reply.bulk("replication-offset"), Reply.of(0),
            Reply.bulk("health"), Reply.bulk("online")));
  }

  private static String nodes(ClusterView view) {
    List<SlotRange> ranges = covering(view);
    StringBuilder text = new StringBuilder();
    for (Member member : view.members()) {
      String flags = member.nodeId().equals(view.myId()) ? "myself,master" : "master";
      text.append(member.nodeId())
          .append(' ')
          .append(member.host() + ":" + member.port() + "@" + member.port())
          .append(' ')
          .append(flags)
          .append(" - 0 0 ")
          .append(view.version())
          .append(" connected");
      for (SlotRange range : ranges) {
        if (range.nodeId().equals(member.nodeId())) {
          text.append(' ').append(range.first());
          if (range.last() > range.first()) {
            text.append('-').append(range.last());
          }
        }
      }
      text.append('\n');
    }
    return text.toString();
  }

  private static String info(ClusterView view) {
    Map<String, Member> members = byId(view);
    int assigned = 0;
    int served = 0;
    for (SlotRange range : view.ranges()) {
      int slots = range.last() - range.first() + 1;
      assigned += slots;
      served += members.containsKey(range.nodeId()) ? slots : 0;
    }
    return "cluster_enabled:1\r\ncluster_state:"
        + (served == Slots.COUNT ? "ok" : "fail")
        + "\r\ncluster_slots_assigned:"
        + assigned
        + "\r\ncluster_slots_ok:"
        + served
        + "\r\ncluster_slots_pfail:0\r\ncluster_slots_fail:"
        + (assigned - served)
        + "\r\ncluster_known_nodes:"
        + view.members().size()
        + "\r\ncluster_size:"
        + view.members().size()
        + "\r\ncluster_current_epoch:"
        + view.version()
        + "\r\ncluster_my_epoch:"
        + view.version()
        + "\r\n";
  }

  /** The ranges of live owners; this node's ranges fill the gaps. */
  private static List<SlotRange> covering(ClusterView view) {
    Map<String, Member> members = byId(view);
    List<SlotRange> covering = new ArrayList<>();
    int next = 0;
    for (SlotRange range : view.ranges()) {
      if (members.containsKey(range.nodeId())) {
        if (range.first() > next) {
          covering.add(new SlotRange(next, range.first() - 1, view.myId()));
        }
        covering.add(range);
        next = range.last() + 1;
      }
    }
    if (next < Slots.COUNT) {
      covering.add(new SlotRange(next, Slots.COUNT - 1, view.myId()));
    }
    return covering;
  }

  private static Map<String, Member> byId(ClusterView view) {
    Map<String, Member> members = new HashMap<>();
    for (Member member : view.members()) {
      members.put(member.nodeId(), member);
    }
    return members;
  }
}
