package io.larder.testkit.local;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * A network on this machine in which every process has an address of its own and any way between
 * two of them can be cut, in one direction too: Linux network namespaces on a bridge, made by
 * {@code ip}, which takes root.
 *
 * <pre>
 *   this process   node-1      node-2     zookeeper-1 …      a namespace each
 *    .1│            .11│        .12│           │
 *   ───┴───────────────┴───────────┴───────────┴────  bridge, in a namespace of its own
 * </pre>
 *
 * <p>A way is cut at the sender: the receiver's address gets a link address that no interface has.
 * Packets vanish without an error, as in a network that drops them.
 *
 * <p>The bridge has a namespace of its own, so that no firewall of this machine affects it. All
 * names contain this process's id; the next process removes the leftovers of a killed one. Not
 * thread-safe.
 */
public final class Namespaces implements AutoCloseable {
  /** The name under which this process, and with it the clients, can be cut off. */
  public static final String HERE = "here";

  private static final String PREFIX = "larder-";
  private static final String NOBODY = "02:00:00:00:00:01";
  private static final int TIMEOUT_SECONDS = 20;
  private static final int FIRST_HOST = 11;

  private record Way(String from, String to) {}

  private final String prefix = PREFIX + ProcessHandle.current().pid();
  private final String lan = prefix + "-lan";
  private final String here = "lrd" + ProcessHandle.current().pid();
  private final String subnet;
  private final Map<String, ProcessLocation> locations = new HashMap<>();
  private final Set<Way> cut = new HashSet<>();

  private Namespaces(String subnet) {
    this.subnet = subnet;
  }

  /**
   * Makes the network for processes of these names.
   *
   * @throws IOException if that is not possible here; the message names the cause
   */
  public static Namespaces create(List<String> names) throws IOException {
    removeLeftovers();
    Namespaces network = new Namespaces(freeSubnet());
    try {
      network.make(names);
      return network;
    } catch (IOException | RuntimeException e) {
      network.close();
      throw e;
    }
  }

  private void make(List<String> names) throws IOException {
    ip("netns", "add", lan);
    in(lan, "link", "add", "bridge", "type", "bridge");
    in(lan, "link", "set", "bridge", "up");
    ip("link", "add", here, "type", "veth", "peer", "name", HERE, "netns", lan);
    ip("addr", "add", address(1) + "/24", "dev", here);
    ip("link", "set", here, "up");
    plug(HERE);
    locations.put(HERE, new ProcessLocation(address(1), List.of()));
    for (String name : names) {
      String namespace = prefix + "-" + name;
      ProcessLocation location =
          new ProcessLocation(
              address(FIRST_HOST - 1 + locations.size()),
              List.of("ip", "netns", "exec", namespace));
      ip("netns", "add", namespace);
      ip("-n", namespace, "link", "set", "lo", "up");
      ip(
          "-n",
          namespace,
          "link",
          "add",
          "eth0",
          "type",
          "veth",
          "peer",
          "name",
          port(name),
          "netns",
          lan);
      ip("-n", namespace, "addr", "add", location.host() + "/24", "dev", "eth0");
      ip("-n", namespace, "link", "set", "eth0", "up");
      plug(port(name));
      locations.put(name, location);
    }
  }

  /** Connects a port of the bridge's namespace to it. */
  private void plug(String port) throws IOException {
    in(lan, "link", "set", port, "master", "bridge");
    in(lan, "link", "set", port, "up");
  }

  /** A link's name may have 15 letters. */
  private static String port(String name) {
    return name.replace("coordinator", "c").replace("zookeeper", "zk");
  }

  private String address(int host) {
    return subnet + "." + host;
  }

  /** The location of the process of each name. */
  public Function<String, ProcessLocation> locations() {
    return this::location;
  }

  private ProcessLocation location(String name) {
    ProcessLocation location = locations.get(name);
    if (location == null) {
      throw new IllegalArgumentException("no " + name + " in " + locations.keySet());
    }
    return location;
  }

  /** Drops all packets from one to the other; the other direction stays. */
  public void cutOneWay(String from, String to) throws IOException {
    if (cut.add(new Way(from, to))) {
      ip(at(from, "neigh", "replace", location(to).host(), "lladdr", NOBODY, "nud", "permanent"));
    }
  }

  /** Drops all packets between the two. */
  public void cut(String one, String other) throws IOException {
    cutOneWay(one, other);
    cutOneWay(other, one);
  }

  /** Restores all ways. */
  public void heal() throws IOException {
    for (Way way : Set.copyOf(cut)) {
      ip(at(way.from(), "neigh", "del", location(way.to()).host()));
      cut.remove(way);
    }
  }

  /** A command about the neighbours of one. */
  private List<String> at(String name, String... words) {
    List<String> command = new ArrayList<>();
    if (!name.equals(HERE)) {
      command.addAll(List.of("-n", prefix + "-" + name));
    }
    command.addAll(List.of(words));
    command.addAll(List.of("dev", name.equals(HERE) ? here : "eth0"));
    return command;
  }

  /** Removes everything; end the processes first. */
  @Override
  public void close() {
    try {
      for (String namespace : namespaces()) {
        if (namespace.startsWith(prefix + "-")) {
          ip("netns", "del", namespace);
        }
      }
    } catch (IOException e) {
      System.err.println("larder: network namespaces " + prefix + "-* were not removed: " + e);
    }
  }

  private static List<String> namespaces() throws IOException {
    return ip("netns", "list")
        .lines()
        .map(line -> line.split(" ", 2)[0])
        .filter(name -> name.startsWith(PREFIX))
        .toList();
  }

  private static void removeLeftovers() throws IOException {
    for (String namespace : namespaces()) {
      String[] words = namespace.split("-", 3);
      boolean own = words.length == 3 && words[1].matches("\\d{1,9}");
      if (own && ProcessHandle.of(Long.parseLong(words[1])).isEmpty()) {
        ip("netns", "del", namespace);
      }
    }
  }

  /** One of the networks that RFC 2544 sets aside for benchmarks. */
  private static String freeSubnet() throws IOException {
    Set<String> taken = new HashSet<>();
    NetworkInterface.networkInterfaces()
        .flatMap(NetworkInterface::inetAddresses)
        .map(InetAddress::getHostAddress)
        .forEach(address -> taken.add(address.substring(0, Math.max(0, address.lastIndexOf('.')))));
    for (int attempt = 0; attempt < 100; attempt++) {
      String subnet = "198.18." + ThreadLocalRandom.current().nextInt(256);
      if (!taken.contains(subnet)) {
        return subnet;
      }
    }
    throw new IOException("no free network in 198.18.0.0/16");
  }

  private static void in(String namespace, String... words) throws IOException {
    List<String> command = new ArrayList<>(List.of("-n", namespace));
    command.addAll(List.of(words));
    ip(command);
  }

  private static String ip(String... words) throws IOException {
    return ip(List.of(words));
  }

  private static String ip(List<String> words) throws IOException {
    List<String> command = new ArrayList<>(List.of("ip"));
    command.addAll(words);
    Process ip = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(ip.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (!ip.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS) || ip.exitValue() != 0) {
        throw new IOException(String.join(" ", command) + ": " + said.strip());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while running " + String.join(" ", command), e);
    }
    return said;
  }
}
