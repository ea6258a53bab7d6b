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

  /** Starts a process; called for the first start and each restart. */
  interface Launch {
    ChildProcess start() throws IOException;
  }

  private record Entry(Launch launch, ChildProcess process) {}

  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private boolean stopped;

  /** Adds a process and starts it. */
  ChildProcess add(String name, Launch launch) throws IOException {
    return launch(name, launch);
  }

  /** Restarts an ended process. */
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

  /** The names of the ended processes. */
  synchronized List<String> ended() {
    List<String> ended = new ArrayList<>();
    entries.forEach((name, entry) -> {
      if (!entry.process().isAlive()) {
        ended.add(name);
      }
    });
    return stopped ? List.of() : ended;
  }

  /** The names with this prefix. */
  synchronized List<String> names(String prefix) {
    return entries.keySet().stream().filter(name -> name.startsWith(prefix)).toList();
  }

  /** Refuses further starts. */
  synchronized void seal() {
    stopped = true;
  }

  /** Stops processes, and kills those that have not ended within 15 s. */
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
