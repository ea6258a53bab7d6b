package io.larder.node.directory;

import io.larder.node.service.Member;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * Numbers members, so that an entry names its holder in 16 bits, and knows which are live.
 *
 * <p>Thread-safe: writes take the monitor, reads see immutable snapshots.
 */
public final class MemberTable {
  /** The most incarnations that can be known at once. */
  static final int MAX = 1 << 16;

  private final Map<Member, Integer> references = new HashMap<>();
  private volatile Member[] members = new Member[0];
  private volatile Set<Member> live = Set.of();

  /** The number of a member, given now if it has none. */
  synchronized int reference(Member member) {
    Integer known = references.get(member);
    if (known != null) {
      return known;
    }
    int reference = members.length;
    if (reference == MAX) {
      throw new IllegalStateException(
          "more than " + MAX + " incarnations of nodes seen by one process: restart this node");
    }
    Member[] grown = Arrays.copyOf(members, reference + 1);
    grown[reference] = member;
    references.put(member, reference);
    members = grown;
    return reference;
  }

  Member member(int reference) {
    return members[reference];
  }

  /** Replaces the set of live members by the cluster image's. */
  public void setLive(Set<Member> members) {
    live = Collections.unmodifiableSet(new LinkedHashSet<>(members)); // keeps its order
  }

  public boolean isLive(Member member) {
    return live.contains(member);
  }

  boolean isLive(int reference) {
    return live.contains(members[reference]);
  }

  public Set<Member> live() {
    return live;
  }
}
