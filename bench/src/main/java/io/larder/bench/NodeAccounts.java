package io.larder.bench;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The nodes' reports during a run, across restarts of their processes: counters restart with each
 * process, so each process is read before it is killed and after. For one thread.
 */
public final class NodeAccounts {
  /**
   * One reading of one node.
   *
   * @param process the node and its process; a restart is another process
   * @param incarnation its session
   * @param gone records that it evicted or dropped as damaged since its process started
   */
  public record Account(String process, String incarnation, long gone) {}

  private final Map<String, Long> first = new HashMap<>();
  private final Map<String, Long> last = new HashMap<>();
  private final Set<String> incarnations = new HashSet<>();
  private boolean begun;
  private boolean sessionsEnded;

  /** Records a reading of the nodes; the first one is the state before the run. */
  public void look(Iterable<Account> accounts) {
    for (Account account : accounts) {
      first.putIfAbsent(account.process(), begun ? 0 : account.gone());
      last.put(account.process(), account.gone());
      boolean known = !incarnations.add(account.incarnation());
      sessionsEnded |= begun && !known;
    }
    begun = true;
  }

  /** Records that the nodes report as evicted or dropped since the first reading. */
  public long gone() {
    return last.entrySet().stream()
        .mapToLong(entry -> entry.getValue() - first.getOrDefault(entry.getKey(), 0L))
        .sum();
  }

  /** Whether the session of a node has ended since the first reading: then its keys were free. */
  public boolean sessionsEnded() {
    return sessionsEnded;
  }
}
