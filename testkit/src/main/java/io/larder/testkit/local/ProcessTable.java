package io.larder.testkit.local;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A cluster's processes by name, each of which can end and be started again. Thread-safe. */
final class ProcessTable {
  private static final Duration STOP_PATIENCE = Duration.ofSeconds(15);

  /** Starts a process; called once for each of its lives. */
  interface Launch {
    ChildProcess start() throws IOException;
  }

  private record Entry(Launch launch, ChildProcess process) {}

  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private boolean stopped;

  /** Starts a process that is new here. */
  ChildProcess add(String name, Launch launch) throws IOException {
    return launch(name, launch);
  }

  /** Starts a process again that has ended. */
  synchronized ChildProcess again(String name) throws IOException {
    Entry entry = entry(name);
    if (entry.process().isAlive()) {
      throw new IllegalStateException(name + " runs");
    }
    return launch(name, entry.launch());
  }

  private synchronized ChildProcess launch(String name, Launch launch) throws IOException {
    if (stopped) {
      throw new LocalClusterException("the cluster is being stopped", null);
    }
    ChildProcess process = launch.start();
    entries.put(name, new Entry(launch, process));
    return process;
  }

  synchronized ChildProcess get(String name) {
    return entry(name).process();
  }

  private Entry entry(String name) {
    Entry entry = entries.get(name);
    if (entry == null) {
      throw new IllegalArgumentException("there is no process " + name + " in " + entries.keySet());
    }
    return entry;
  }

  /** The names of those that have ended. */
  synchronized List<String> ended() {
    List<String> ended = new ArrayList<>();
    entries.forEach((name, entry) -> {
      if (!entry.process().isAlive()) {
        ended.add(name);
      }
    });
    return stopped ? List.of() : ended;
  }

  /** The names that begin so. */
  synchronized List<String> names(String prefix) {
    return entries.keySet().stream().filter(name -> name.startsWith(prefix)).toList();
  }

  /** From now on nothing is started. */
  synchronized void seal() {
    stopped = true;
  }

  /** Asks processes to end, and kills those that do not within 15 s. */
  void stop(Collection<String> names) {
    List<ChildProcess> children = new ArrayList<>();
    synchronized (this) {
      names.forEach(name -> {
        Entry entry = entries.get(name);
        if (entry != null) {
          children.add(entry.process());
        }
      });
    }
    children.forEach(ChildProcess::requestStop);
    long deadline = System.nanoTime() + STOP_PATIENCE.toNanos();
    for (ChildProcess child : children) {
      try {
        child.awaitStop(deadline);
      } catch (LocalClusterException e) {
        System.err.println("larder: " + e.getMessage());
      }
    }
  }
}
