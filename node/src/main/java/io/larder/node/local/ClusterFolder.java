package io.larder.node.local;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/**
 * The folder of a local cluster: {@code zookeeper/}, {@code coordinator-1.log}, and {@code node-1/}
 * and so on with {@code device}, {@code node.yaml} and {@code node.log}. Locked while it is in use.
 */
final class ClusterFolder implements AutoCloseable {
  private final Path root;
  private volatile boolean temporary;
  private final FileChannel lockFile;

  private ClusterFolder(Path root, boolean temporary, FileChannel lockFile) {
    this.root = root;
    this.temporary = temporary;
    this.lockFile = lockFile;
  }

  /**
   * Opens a folder, made if missing, or a temporary one that goes when it is closed.
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
      lockFile =
          FileChannel.open(
              root.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
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

  /** From now on it stays when it is closed. */
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
    return Files.createDirectories(root.resolve("node-" + number));
  }

  /** How many nodes have a folder here. */
  int existingNodes() {
    int n = 0;
    while (Files.isDirectory(root.resolve("node-" + (n + 1)))) {
      n++;
    }
    return n;
  }

  @Override
  public void close() throws IOException {
    lockFile.close();
    if (temporary && Files.exists(root)) {
      Files.walkFileTree(
          root,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              Files.deleteIfExists(file);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path dir, @Nullable IOException e)
                throws IOException {
              Files.deleteIfExists(dir);
              return FileVisitResult.CONTINUE;
            }
          });
    }
  }
}
