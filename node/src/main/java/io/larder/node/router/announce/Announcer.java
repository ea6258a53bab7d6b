package io.larder.node.router.announce;

import io.larder.node.block.KeyRef;
import io.larder.node.block.RecordRef;
import io.larder.node.directory.AnnounceOutcome;
import io.larder.node.directory.Directory;
import io.larder.node.directory.Lookup;
import io.larder.node.directory.MemberTable;
import io.larder.node.directory.OpenPuts;
import io.larder.node.directory.VoidedPuts;
import io.larder.node.directory.VoidedPuts.Voided;
import io.larder.node.peer.PeerRequest;
import io.larder.node.peer.PeerRequest.Held;
import io.larder.node.peer.PeerRequest.SlotAnnouncement;
import io.larder.node.router.cluster.Cluster;
import io.larder.node.router.cluster.Futures;
import io.larder.node.router.cluster.Timing;
import io.larder.node.service.Member;
import io.larder.protocol.PutToken;
import io.larder.protocol.Slots;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Rebuilds the directory of claimed slots: every live node owes an announcement of every slot that
 * this node owns, once per incarnation and claim, and is asked until it has announced. One question
 * at a time per node paces the stream.
 *
 * <p>All state belongs to the control thread; other threads hand their calls to it.
 */
public final class Announcer {
  private static final Logger LOG = LoggerFactory.getLogger(Announcer.class);

  /** The slots that one node still owes. */
  private static final class Debt {
    final BitSet slots = new BitSet(Slots.COUNT);
    boolean asked;
  }

  private final Cluster cluster;
  private final Directory directory;
  private final MemberTable members;
  private final Timing timing;
  private final Duplicates duplicates;
  private final VoidedPuts voided;
  private final long[] epochs = new long[Slots.COUNT];
  private final Map<Integer, Long> syncingSince = new HashMap<>();
  private final Map<Member, Debt> debts = new HashMap<>();
  private volatile int syncing;
  private volatile boolean owed;

  public Announcer(
      Cluster cluster,
      Directory directory,
      MemberTable members,
      Timing timing,
      Duplicates duplicates,
      VoidedPuts voided) {
    this.cluster = cluster;
    this.directory = directory;
    this.members = members;
    this.timing = timing;
    this.duplicates = duplicates;
    this.voided = voided;
  }

  /** Slots that wait for announcements; readable from any thread. */
  public int syncingSlots() {
    return syncing;
  }

  /**
   * Whether a live node may hold records that the directory of an open slot does not know; readable
   * from any thread. False only when all announced records are in the directory.
   */
  public boolean isOwed() {
    return owed;
  }

  // ---- on the control thread ----

  /** The live nodes are about to change: a newcomer owes before it counts as live. */
  public void membersChange() {
    owed = true;
  }

  public void claimed(int[] slots, long epoch) {
    long now = timing.nowNanos();
    for (int slot : slots) {
      epochs[slot] = epoch;
      directory.claim(slot, epoch);
      syncingSince.put(slot, now);
      syncing = syncingSince.size();
      for (Member member : members.live()) {
        debts.computeIfAbsent(member, _ -> new Debt()).slots.set(slot);
      }
    }
    pump();
  }

  public void released(int[] slots) {
    for (int slot : slots) {
      epochs[slot] = 0;
      directory.release(slot);
      syncingSince.remove(slot);
      debts.values().forEach(debt -> debt.slots.clear(slot));
    }
    syncing = syncingSince.size();
  }

  public void releasedAll() {
    for (int slot = 0; slot < Slots.COUNT; slot++) {
      epochs[slot] = 0;
      directory.release(slot);
    }
    syncingSince.clear();
    debts.clear();
    syncing = 0;
  }

  /** The live nodes changed: newcomers owe every owned slot, those that left owe nothing. */
  public void membersChanged() {
    Set<Member> live = members.live();
    debts.keySet().removeIf(member -> !live.contains(member));
    for (Member member : live) {
      if (!debts.containsKey(member)) {
        Debt debt = new Debt();
        for (int slot = 0; slot < Slots.COUNT; slot++) {
          if (epochs[slot] != 0) {
            debt.slots.set(slot);
          }
        }
        debts.put(member, debt);
      }
    }
    pump();
  }

  /** Opens slots that have waited too long; to be called about every 50 ms. */
  public void tick() {
    long now = timing.nowNanos();
    List<Integer> late = new ArrayList<>();
    syncingSince.forEach((slot, since) -> {
      if (now - since > timing.deadlines().syncMs() * 1_000_000) {
        late.add(slot);
      }
    });
    if (!late.isEmpty()) {
      LOG.warn(
          "{} slots open for puts before every node has announced: {} still owe and are asked again",
          late.size(),
          debts.entrySet().stream()
              .filter(debt -> !debt.getValue().slots.isEmpty())
              .map(Map.Entry::getKey)
              .toList());
      late.forEach(this::open);
    }
    pump();
  }

  private void pump() {
    owed = debts.values().stream().anyMatch(debt -> !debt.slots.isEmpty());
    if (!syncingSince.isEmpty()) {
      Set<Integer> ready = new HashSet<>(syncingSince.keySet());
      for (Debt debt : debts.values()) {
        ready.removeIf(debt.slots::get);
      }
      ready.forEach(this::open);
    }
    debts.forEach(this::ask);
  }

  private void open(int slot) {
    syncingSince.remove(slot);
    syncing = syncingSince.size();
    directory.ready(slot, epochs[slot]);
  }

  private void ask(Member member, Debt debt) {
    if (debt.asked || debt.slots.isEmpty()) {
      return;
    }
    debt.asked = true;
    List<PeerRequest.SlotEpoch> wanted = new ArrayList<>(debt.slots.cardinality());
    debt.slots.stream().forEach(slot -> wanted.add(new PeerRequest.SlotEpoch(slot, epochs[slot])));
    var announce = new PeerRequest.Announce(cluster.self(), wanted, voidedIn(debt.slots));
    Futures.finish(
        cluster.ask(member, announce, timing.deadlines().announceMs()),
        (answers, failure) -> {
          if (answers != null && !answers.isEmpty()) {
            take(member, debt, wanted, answers);
            debt.asked = false;
            pump();
            return;
          }
          if (failure != null) {
            LOG.debug("{} did not announce: {}", member, failure.toString());
          }
          timing.after(
              timing.deadlines().announceRetryMs(),
              () -> {
                debt.asked = false;
                pump();
              });
        },
        timing.control());
  }

  private List<Voided> voidedIn(BitSet slots) {
    List<Voided> notes = new ArrayList<>();
    voided
        .bySlot()
        .forEach((slot, of) -> {
          if (slots.get(slot)) {
            notes.addAll(of);
          }
        });
    return notes;
  }

  private void take(
      Member member,
      Debt debt,
      List<PeerRequest.SlotEpoch> wanted,
      List<SlotAnnouncement> answers) {
    Map<Integer, Long> askedEpochs = new HashMap<>();
    wanted.forEach(slot -> askedEpochs.put(slot.slot(), slot.epoch()));
    long now = timing.nowNanos();
    for (SlotAnnouncement answer : answers) {
      int slot = answer.slot();
      long epoch = askedEpochs.getOrDefault(slot, 0L);
      if (epoch == 0 || epoch != epochs[slot]) {
        continue; // claimed again since: the announcement of that claim is still owed
      }
      answer.voided().forEach(note -> learn(note, epoch));
      for (Held held : answer.held()) {
        PutToken upTo = voided.upTo(slot, held.fingerprint());
        if (upTo != null) {
          settleVoided(member, slot, epoch, held, upTo);
          continue;
        }
        take(member, slot, epoch, held);
      }
      for (OpenPuts.OpenPut put : answer.open()) {
        long remainingMs = (put.deadlineNanos() - now) / 1_000_000;
        directory.announcedPut(slot, epoch, put.fingerprint(), member, put.token(), remainingMs);
      }
      answer
          .arriving()
          .forEach(fingerprint -> directory.announcedArrival(slot, epoch, fingerprint, member));
      verifyUnlisted(slot, member, answer.held());
      debt.slots.clear(slot);
    }
  }

  private void take(Member member, int slot, long epoch, Held held) {
    switch (directory.announced(
        slot, epoch, held.fingerprint(), member, held.stamp(), held.expiresAtMs())) {
      case AnnounceOutcome.Settled _ -> {}
      case AnnounceOutcome.Duplicate _ ->
          Futures.go(
              duplicates.settle(
                  new KeyRef(slot, held.fingerprint()),
                  new Lookup.Found(member, held.stamp(), held.expiresAtMs())));
      case AnnounceOutcome.Conflict conflict ->
          verify(
              new KeyRef(slot, held.fingerprint()),
              member,
              conflict.entry().stamp(),
              () ->
                  directory.announced(
                      slot, epoch, held.fingerprint(), member, held.stamp(), held.expiresAtMs()));
    }
  }

  /** Another node knows that a key was deleted: this one and the holder learn of it. */
  private void learn(Voided note, long epoch) {
    if (!voided.add(note)) {
      return;
    }
    KeyRef key = note.key();
    if (directory.lookup(note.key()) instanceof Lookup.Found found) {
      Held held = new Held(key.fingerprint(), found.stamp(), found.expiresAtMs());
      directory.forget(key, found.holder(), found.stamp());
      settleVoided(found.holder(), key.slot(), epoch, held, note.upTo());
    }
  }

  /**
   * A record of a deleted key counts only when its holder answers that it is newer than the delete.
   * Until that answer, or the end of the holder, nobody may write the key.
   */
  private void settleVoided(Member holder, int slot, long epoch, Held held, PutToken upTo) {
    KeyRef key = new KeyRef(slot, held.fingerprint());
    directory.doubt(key, epoch);
    askVoided(holder, key, epoch, held, upTo);
  }

  private void askVoided(Member holder, KeyRef key, long epoch, Held held, PutToken upTo) {
    Futures.finish(
        cluster.ask(holder, new PeerRequest.VoidPuts(key, upTo), timing.deadlines().dropMs()),
        (gone, _) -> {
          if (gone == null && epochs[key.slot()] == epoch && members.isLive(holder)) {
            timing.after(
                timing.deadlines().announceRetryMs(),
                () -> askVoided(holder, key, epoch, held, upTo));
            return;
          }
          if (Boolean.FALSE.equals(gone)) {
            take(holder, key.slot(), epoch, held);
          }
          directory.endDoubt(key, epoch);
        },
        timing.control());
  }

  /** Asks the holder about each entry that it did not list, before the entry is forgotten. */
  private void verifyUnlisted(int slot, Member member, List<Held> listed) {
    List<RecordRef> known = directory.recordsOf(slot, member);
    if (known.size() == listed.size()) {
      return;
    }
    Set<Long> stamps = new HashSet<>();
    listed.forEach(held -> stamps.add(held.stamp()));
    for (RecordRef record : known) {
      if (!stamps.contains(record.stamp())) {
        verify(record.key(), member, record.stamp(), () -> {});
      }
    }
  }

  /** Forgets an entry if its holder answers that it does not have exactly that record. */
  private void verify(KeyRef key, Member holder, long stamp, Runnable whenForgotten) {
    var confirm = new PeerRequest.Confirm(key, stamp, directory.order(epochs[key.slot()]));
    Futures.go(
        cluster
            .ask(holder, confirm)
            .thenAccept(there -> {
              if (!there && directory.forget(key, holder, stamp)) {
                whenForgotten.run();
              }
            })
            .exceptionally(_ -> null)); // the next comparison finds it again
  }

  // ---- from any thread ----

  /** The records of a node in these slots differ from the directory: it is asked to announce. */
  public void repair(Member member, List<Integer> slots) {
    timing
        .control()
        .execute(() -> {
          Debt debt = debts.get(member);
          if (debt != null) {
            LOG.info(
                "{} slots of {} differ from the directory: asking for them again",
                slots.size(),
                member);
            slots.forEach(slot -> {
              if (epochs[slot] != 0) {
                debt.slots.set(slot);
              }
            });
            pump();
          }
        });
  }
}
