package io.larder.node.router.holder;

import io.larder.node.block.KeyRef;
import io.larder.node.block.RecordRef;
import io.larder.node.directory.OpenPuts;
import io.larder.node.directory.VoidedPuts;
import io.larder.node.directory.VoidedPuts.Voided;
import io.larder.node.hot.HotTier;
import io.larder.node.peer.PeerException;
import io.larder.node.peer.PeerRequest;
import io.larder.node.router.cluster.Futures;
import io.larder.node.router.cluster.Timing;
import io.larder.node.store.BlockStore;
import io.larder.protocol.PutToken;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * This node's answers as the holder of records: it lists them to a slot's owner, confirms them, and
 * drops them. Thread-safe; never blocks.
 */
public final class HolderAnswers {
  /** Records in one answer to an announce, which are about one megabyte. */
  private static final int ANNOUNCED_RECORDS = 40_000;

  private final OpenPuts openPuts;
  private final VoidedPuts voided;
  private final BlockStore store;
  private final HotTier hot;
  private final PendingCommits pending;
  private final Timing timing;
  private final Set<RecordRef> dropping = ConcurrentHashMap.newKeySet();

  /** Records that are being checked, since an older value of their keys was deleted. */
  private final Set<RecordRef> voiding = ConcurrentHashMap.newKeySet();

  public HolderAnswers(
      OpenPuts openPuts,
      VoidedPuts voided,
      BlockStore store,
      HotTier hot,
      PendingCommits pending,
      Timing timing) {
    this.openPuts = openPuts;
    this.voided = voided;
    this.store = store;
    this.hot = hot;
    this.pending = pending;
    this.timing = timing;
  }

  // ---- listing ----

  public List<PeerRequest.SlotAnnouncement> announce(PeerRequest.Announce announce) {
    for (Voided note : announce.voided()) {
      if (voided.add(note)) { // else the note was known, and its void records are gone
        // Void records are listed nevertheless: the owner asks about them and relies on the answer.
        Futures.finish(purge(note.key(), note.upTo()), (_, _) -> {});
      }
    }
    Map<Integer, List<Voided>> notes = voided.bySlot();
    List<PeerRequest.SlotAnnouncement> answers = new ArrayList<>();
    int records = 0;
    for (PeerRequest.SlotEpoch asked : announce.slots()) {
      if (records >= ANNOUNCED_RECORDS) {
        break;
      }
      var announcement = openPuts.announce(asked.slot(), asked.epoch(), () -> held(asked.slot()));
      if (announcement != null) { // else promised to a later epoch: the asker is behind
        records += announcement.held().size();
        answers.add(
            new PeerRequest.SlotAnnouncement(
                asked.slot(),
                announcement.held(),
                announcement.open(),
                announcement.arriving(),
                notes.getOrDefault(asked.slot(), List.of())));
      }
    }
    return answers;
  }

  private List<PeerRequest.Held> held(int slot) {
    List<PeerRequest.Held> held = new ArrayList<>();
    store.forEach(
        slot,
        (fingerprint, stamp, expiresAtMs) -> {
          if (!isDropping(new KeyRef(slot, fingerprint), stamp)) {
            held.add(new PeerRequest.Held(fingerprint, stamp, expiresAtMs));
          }
        });
    return held;
  }

  private boolean isDropping(KeyRef key, long stamp) {
    return !dropping.isEmpty() && dropping.contains(new RecordRef(key, stamp));
  }

  /** Whether the key's record may be void and therefore must not be read. */
  public boolean hides(KeyRef key) {
    return !voiding.isEmpty()
        && voiding.contains(new RecordRef(key, store.find(key.slot(), key.fingerprint())));
  }

  public CompletableFuture<Boolean> confirm(PeerRequest.Confirm confirm) {
    KeyRef key = confirm.key();
    // Looked up before the store: a record is published before it stops pending.
    if (pending.holds(key, confirm.stamp())) {
      return CompletableFuture.failedFuture(
          new PeerException("the record waits for the answer to its commit")); // it may be refused
    }
    var confirmation =
        openPuts.confirm(
            key.slot(),
            confirm.question(),
            () ->
                store.find(key.slot(), key.fingerprint()) == confirm.stamp()
                    && !isDropping(key, confirm.stamp()));
    return switch (confirmation) {
      case HERE -> CompletableFuture.completedFuture(true);
      case ABSENT -> CompletableFuture.completedFuture(false);
      case VOID -> newerOwner(key.slot());
    };
  }

  public boolean isArriving(PeerRequest.IsArriving isArriving) {
    return openPuts.isArriving(isArriving.key());
  }

  public CompletableFuture<Boolean> pin(PeerRequest.Pin pin) {
    return store.pin(pin.key().slot(), pin.key().fingerprint(), pin.on());
  }

  // ---- dropping ----

  public boolean invalidate(PeerRequest.Invalidate invalidate) {
    hot.invalidate(invalidate.key().fingerprint());
    return true;
  }

  /**
   * Drops a record by order of its owner. From then on the record is neither confirmed nor listed:
   * else a later owner could rely on it and have the other copy dropped.
   */
  public CompletableFuture<Boolean> drop(PeerRequest.Drop drop) {
    int slot = drop.key().slot();
    var record = new RecordRef(drop.key(), drop.stamp());
    if (!openPuts.obey(slot, drop.order(), () -> dropping.add(record))) {
      return newerOwner(slot);
    }
    CompletableFuture<?> answered = pending.settled(drop.key());
    // The owner has accepted the record, which is not published here yet: it is dropped after that.
    CompletableFuture<Boolean> dropped =
        answered != null && pending.holds(drop.key(), drop.stamp())
            ? timing
                .within(answered, timing.deadlines().dropMs() / 2)
                .thenCompose(_ -> delete(drop.key(), drop.stamp()))
            : delete(drop.key(), drop.stamp());
    return dropped.whenComplete((_, _) -> {
      dropping.remove(record);
      hot.invalidate(drop.key().fingerprint());
    });
  }

  private CompletableFuture<Boolean> delete(KeyRef key, long stamp) {
    return store.delete(key.slot(), key.fingerprint(), stamp);
  }

  /** Drops every value of a key up to a token; false if the value here is newer. */
  public CompletableFuture<Boolean> voidPuts(PeerRequest.VoidPuts order) {
    KeyRef key = order.key();
    voided.add(new Voided(key, order.upTo()));
    return purge(key, order.upTo());
  }

  private CompletableFuture<Boolean> purge(KeyRef key, PutToken upTo) {
    hot.invalidate(key.fingerprint());
    long stamp = store.find(key.slot(), key.fingerprint());
    if (stamp == 0) {
      return CompletableFuture.completedFuture(true);
    }
    var suspect = new RecordRef(key, stamp);
    boolean mine = voiding.add(suspect);
    return store
        .describe(key.slot(), key.fingerprint())
        .thenCompose(record ->
            record == null || record.token().compareTo(upTo) > 0
                ? CompletableFuture.completedFuture(false)
                : delete(key, record.stamp()))
        .thenApply(_ -> store.find(key.slot(), key.fingerprint()) == 0)
        .whenComplete((_, _) -> {
          if (mine) {
            voiding.remove(suspect);
          }
          hot.invalidate(key.fingerprint());
        });
  }

  private static <T> CompletableFuture<T> newerOwner(int slot) {
    return CompletableFuture.failedFuture(
        new PeerException(
            "slot " + slot + " has had a later message of its owner, or has a newer owner"));
  }
}
