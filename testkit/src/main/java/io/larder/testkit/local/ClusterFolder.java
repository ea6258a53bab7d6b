package io.larder.testkit.local;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/**
 * The folder of a local cluster: {@code zookeeper/}, {@code coordinator-1.log}, and {@code node-1/}
 * and so on with {@code device}, {@code node.yaml} and {@code node.log}; {@code ports} and {@code
 * control}. Locked while it is in use.
 */
final class ClusterFolder implements AutoCloseable {
  private final Path root;
  private volatile boolean temporary;
  private final FileChannel lockFile;
  private volatile boolean logsStay;

  private ClusterFolder(Path root, boolean temporary, FileChannel lockFile) {
    this.root = root;
    this.temporary = temporary;
    this.lockFile = lockFile;
  }

  /**
   * Opens a folder, created if missing, or a temporary one that is removed on close.
   *
   * @throws LocalClusterException if another cluster runs in it or it cannot be made
   */
  static ClusterFolder open(@Nullable Path dir) throws LocalClusterException {
    Path wanted = dir == null ? Path.of(System.getProperty("java.io.tmpdir")) : dir;
    FileChannel lockFile = null;
    try {
      Path root =
          dir == null
              ? Files.createTempDirectory("larder-")
              : Files.createDirectories(dir.toAbsolutePath().normalize());
      wanted = root;
      lockFile = FileChannel.open(lock(root), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock = lockFile.tryLock();
      if (lock == null) {
        lockFile.close();
        throw inUse(root);
      }
      return new ClusterFolder(root, dir == null, lockFile);
    } catch (OverlappingFileLockException e) {
      throw inUse(wanted);
    } catch (LocalClusterException e) {
      throw e;
    } catch (IOException e) {
      throw new LocalClusterException(
          "the folder %s cannot be used: %s; choose another with --dir".formatted(wanted, e), e);
    }
  }

  private static LocalClusterException inUse(Path root) {
    return new LocalClusterException(
        "a cluster is running in %s already; stop it or choose another --dir".formatted(root),
        null);
  }

  Path root() {
    return root;
  }

  /** The file of the processes' ports. */
  Path ports() {
    return ports(root);
  }

  /** The file of the processes' ports, of a folder that is not open. */
  static Path ports(Path root) {
    return root.resolve("ports");
  }

  /** The file with which another process reaches the folder's running cluster. */
  static Path control(Path root) {
    return root.resolve("control");
  }

  /** Whether a cluster runs in a folder now. */
  static boolean isInUse(Path root) throws IOException {
    Path file = lock(root);
    if (!Files.exists(file)) {
      return false;
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
        FileLock lock = channel.tryLock()) {
      return lock == null;
    } catch (OverlappingFileLockException _) {
      return true; // by this process
    }
  }

  private static Path lock(Path root) {
    return root.resolve("lock");
  }

  /** Keeps the logs of a temporary folder on close. */
  void keepLogs() {
    logsStay = true;
  }

  /** Keeps the folder on close. */
  void keep() {
    temporary = false;
  }

  Path zooKeeper() {
    return root.resolve("zookeeper");
  }

  /** The log of a process that has no folder of its own. */
  Path log(String process) {
    return root.resolve(process + ".log");
  }

  Path node(int number) throws IOException {
    return Files.createDirectories(node(root, number));
  }

  /** The folder of a node, from 1. */
  static Path node(Path root, int number) {
    return root.resolve("node-" + number);
  }

  /** How many nodes have a folder here. */
  int existingNodes() {
    int n = 0;
    while (Files.isDirectory(node(root, n + 1))) {
      n++;
    }
    return n;
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(control(root));
    lockFile.close();
    if (temporary && Files.exists(root)) {
      Files.walkFileTree(
          root,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              if (!isKept(file)) {
                Files.deleteIfExists(file);
              }
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path dir, @Nullable IOException e)
                throws IOException {
              try {
                Files.deleteIfExists(dir);
              } catch (DirectoryNotEmptyException notEmpty) {
                if (!logsStay) {
                  throw notEmpty;
                }
              }
              return FileVisitResult.CONTINUE;
            }
          });
    }
  }

  /** Closes it after another failure. */
  void closeQuietly() {
    try {
      close();
    } catch (IOException e) {
      System.err.println("larder: " + root + " was not removed: " + e);
    }
  }

  private boolean isKept(Path file) {
    return logsStay && file.toString().endsWith(".log");
  }
}
