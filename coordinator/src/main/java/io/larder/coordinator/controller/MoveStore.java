package io.larder.coordinator.controller;

import io.larder.coordinator.moves.Move;
import io.larder.coordinator.registry.Paths;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads {@code /moves}. Not thread-safe. */
public final class MoveStore {
  private static final Logger LOG = LoggerFactory.getLogger(MoveStore.class);

  /**
   * A move as it is stored.
   *
   * @param version the version of its znode, which a compare-and-set must find
   */
  public record Stored(Move move, int version) {}

  private final Paths paths;

  public MoveStore(Paths paths) {
    this.paths = paths;
  }

  /** Reads all stored moves, the oldest first; skips unreadable ones. */
  public List<Stored> read(ZooKeeper zooKeeper) throws KeeperException, InterruptedException {
    List<Stored> moves = new ArrayList<>();
    for (String id : zooKeeper.getChildren(paths.moves(), false)) {
      Stat stat = new Stat();
      try {
        Move move = Move.decode(zooKeeper.getData(paths.move(id), false, stat));
        moves.add(new Stored(move, stat.getVersion()));
      } catch (KeeperException.NoNodeException _) {
        LOG.debug("move {} was removed meanwhile", id);
      } catch (IllegalArgumentException e) {
        LOG.error("{} is ignored: {}", paths.move(id), e.getMessage());
      }
    }
    moves.sort(Comparator.comparingLong((Stored stored) -> stored.move().createdAtMs()));
    return moves;
  }
}
