package io.larder.cli.process;

import static io.larder.bench.PlainConnection.text;

import io.larder.bench.BlockContent;
import io.larder.bench.PlainConnection;
import io.larder.cli.console.Bytes;
import io.larder.cli.console.ExitCode;
import io.larder.cli.console.NodeAccessOptions;
import io.larder.cli.console.Output;
import io.larder.coordinator.config.HostPort;
import io.larder.protocol.ConnectionOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Puts blocks through one address and reads each through every address, like a Redis client. */
@Command(
    name = "probe",
    description = {
      "Put blocks through the first node and read them through every node named.",
      "Checks every byte; the blocks expire by themselves. Ends with exit code 4 if it does not",
      "succeed in time, with 1 if a block comes back wrong."
    })
@SuppressWarnings("NullAway.Init") // picocli sets them
public final class ProbeCommand implements Callable<Integer> {
  private static final int TIMEOUT = 4;
  private static final long MAX_BLOCK_BYTES = 32L << 20;
  private static final int CALL_TIMEOUT_MS = 5_000;
  private static final long PAUSE_MS = 250;

  @Spec private CommandSpec spec;

  @Option(
      names = "--node",
      paramLabel = "HOST:PORT",
      required = true,
      description = "A node or a Service; more than one is welcome.")
  private List<String> nodes;

  @Option(
      names = "--blocks",
      paramLabel = "N",
      defaultValue = "8",
      description = "How many blocks. Default: ${DEFAULT-VALUE}.")
  private int blocks;

  @Option(
      names = "--block-bytes",
      paramLabel = "BYTES",
      converter = Bytes.class,
      defaultValue = "64KiB",
      description = "How large, at most 32MiB. Default: ${DEFAULT-VALUE}.")
  private long blockBytes;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "30",
      description =
          "For all of it; until then what fails is tried again. Default: ${DEFAULT-VALUE}.")
  private int timeoutSeconds;

  @Mixin private NodeAccessOptions access;

  private final String prefix = "larder-probe:" + UUID.randomUUID() + ":";
  private ConnectionOptions connection = ConnectionOptions.DEFAULTS;
  private long deadline;

  @Override
  public Integer call() throws IOException {
    List<HostPort> addresses = checked();
    connection = access.connection();
    deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(timeoutSeconds);
    HostPort first = addresses.get(0);
    if (!tryUntilDeadline("put through " + first, () -> putAll(first))) {
      return TIMEOUT;
    }
    try {
      for (HostPort address : addresses) {
        if (!tryUntilDeadline("read through " + address, () -> readAll(address))) {
          return TIMEOUT;
        }
      }
    } catch (WrongBytesException e) {
      System.err.println("larder: " + e.getMessage());
      return ExitCode.FAILED;
    }
    return ExitCode.OK;
  }

  private List<HostPort> checked() {
    if (blocks < 1 || timeoutSeconds < 1 || blockBytes > MAX_BLOCK_BYTES) {
      throw new ParameterException(
          spec.commandLine(),
          "--blocks and --timeout must be at least 1, --block-bytes at most 32MiB");
    }
    try {
      return nodes.stream().map(HostPort::parse).toList();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--node " + e.getMessage(), e);
    }
  }

  /** A failure that must not be retried. */
  private static final class WrongBytesException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    WrongBytesException(String message) {
      super(message);
    }
  }

  private interface Step {
    /** One attempt; returns the reason why it is not done yet, or nothing. */
    Optional<String> attempt() throws IOException;
  }

  /** Retries until the deadline: a starting cluster answers TRYAGAIN, closes or does not listen. */
  private boolean tryUntilDeadline(String what, Step step) {
    long start = System.nanoTime();
    Optional<String> why;
    do {
      try {
        why = step.attempt();
      } catch (IOException e) {
        why =
            Optional.of(
                e instanceof PlainConnection.RefusedException
                    ? String.valueOf(e.getMessage())
                    : e.toString());
      }
      if (why.isEmpty()) {
        System.out.printf(
            "%s: %d blocks of %s in %d ms%n",
            what,
            blocks,
            Output.bytes(blockBytes),
            TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start));
        return true;
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(PAUSE_MS));
    } while (System.nanoTime() - deadline < 0);
    System.err.printf("larder: %s did not succeed in time: %s%n", what, why.orElseThrow());
    return false;
  }

  private Optional<String> putAll(HostPort address) throws IOException {
    long ttlMs = 2_000L * timeoutSeconds + 60_000;
    try (PlainConnection node = open(address)) {
      for (int i = 0; i < blocks; i++) {
        node.call(text("SET"), key(i), block(i).array(), text("PX"), text(Long.toString(ttlMs)));
      }
    }
    return Optional.empty();
  }

  private Optional<String> readAll(HostPort address) throws IOException {
    try (PlainConnection node = open(address)) {
      for (int i = 0; i < blocks; i++) {
        byte[] read = node.call(text("GET"), key(i)).orElse(null);
        if (read == null) {
          return Optional.of("block " + i + " is not there");
        }
        if (!ByteBuffer.wrap(read).equals(block(i))) {
          throw new WrongBytesException(
              "block %d read through %s has other bytes than were put: stop using this cluster and report it"
                  .formatted(i, address));
        }
      }
    }
    return Optional.empty();
  }

  private PlainConnection open(HostPort address) throws IOException {
    PlainConnection node =
        PlainConnection.open(address.host(), address.port(), CALL_TIMEOUT_MS, connection.tls());
    String given = connection.password();
    try {
      if (given != null) {
        node.call(text("AUTH"), text(given));
      }
      // From here on errors carry their reason, and OK means stored.
      node.call(text("CLIENT"), text("SETNAME"), text("larder-probe"));
    } catch (IOException e) {
      node.close();
      throw e;
    }
    return node;
  }

  private byte[] key(int i) {
    return text(prefix + i);
  }

  private ByteBuffer block(int i) {
    ByteBuffer block = ByteBuffer.allocate((int) blockBytes);
    BlockContent.fill(block, i, 1);
    return block;
  }
}
