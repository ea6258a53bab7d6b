package io.larder.cli.doctor;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Tools that only the build, some tests and some benchmarks use. */
final class TestTools {
  private TestTools() {}

  static List<Check> all() {
    return List.of(
        download(),
        Tool.optional("redis-cli", "the README's examples and its tests", "redis-tools"),
        Tool.optional("redis-server", "comparisons with Redis", "redis-server"),
        Tool.optional("fio", "comparisons with the bare device", "fio"),
        Tool.optional("stress-ng", "the loaded test runs", "stress-ng"),
        docker(),
        namespaces(),
        loopDevices());
  }

  private static Check download() {
    return Tool.find("curl")
        .or(() -> Tool.find("wget"))
        .map(path -> Check.ok("curl", path.toString()))
        .orElseGet(() ->
            Check.note(
                "curl",
                "neither curl nor wget: the first build fetches Maven with javac instead",
                "apt-get install curl"));
  }

  private static Check docker() {
    String name = "Docker";
    if (Tool.find("docker").isEmpty()) {
      return Check.note(
          name,
          "not on the PATH: the tests in containers are left out",
          "apt-get install docker.io, and start dockerd");
    }
    Tool.Result said = Tool.run("docker", "version", "--format", "{{.Server.Version}}");
    return said.isOk()
        ? Check.ok(name, "engine " + said.last())
        : Check.note(
            name,
            "the engine does not answer: " + said.last(),
            "start dockerd, or join the group docker");
  }

  /** Creates and removes a namespace, because root is not enough in a container. */
  private static Check namespaces() {
    String name = "network namespaces";
    if (Tool.find("ip").isEmpty()) {
      return Check.note(
          name,
          "no ip on the PATH: faults of the network are left out",
          "apt-get install iproute2");
    }
    String own = "larder-doctor-" + ProcessHandle.current().pid();
    Tool.Result made = Tool.run("ip", "netns", "add", own);
    if (!made.isOk()) {
      return Check.note(
          name,
          "cannot be made: %s; faults of the network are left out".formatted(made.last()),
          "run as root, in a container with --privileged");
    }
    Tool.run("ip", "netns", "delete", own);
    return Check.ok(name, "can be made");
  }

  private static Check loopDevices() {
    String name = "loop devices";
    boolean there = Files.exists(Path.of("/dev/loop-control")) && Tool.find("losetup").isPresent();
    if (there && Tool.isRoot()) {
      Tool.Result said = Tool.run("losetup", "--find");
      if (said.isOk()) {
        return Check.ok(name, "the next is " + said.last());
      }
      return Check.note(
          name, "not to be had: " + said.last(), "run as root, in a container with --privileged");
    }
    return Check.note(
        name,
        there ? "only root may use them: tests on block devices are left out" : "there are none",
        "run as root, with losetup (util-linux) and /dev/loop-control");
  }
}
