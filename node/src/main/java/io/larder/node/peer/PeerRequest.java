package io.larder.node.peer;

import io.larder.node.block.KeyRef;
import io.larder.node.block.RecordRef;
import io.larder.node.block.SlotSummary;
import io.larder.node.directory.CommitDecision;
import io.larder.node.directory.Lookup;
import io.larder.node.directory.OpenPuts;
import io.larder.node.directory.Order;
import io.larder.node.directory.VoidedPuts;
import io.larder.node.service.LeaseAnswer;
import io.larder.node.service.Member;
import io.larder.protocol.PutToken;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A question of one node to another. The first group goes to the owner of a slot, the second to a
 * node that holds, writes or waits.
 *
 * @param <A> the answer
 */
public sealed interface PeerRequest<A> {

  // ---- to the owner ----

  /**
   * May I write these keys?
   *
   * @param firstRequest the writer's number of the first key's request; key {@code i} has {@code
   *     firstRequest + i}. Asking again with the same number is granted once
   * @param waitMs if above 0, a held key queues the writer and is answered later by {@link Wake}
   */
  record Lease(Member writer, long firstRequest, long leaseMs, long waitMs, List<KeyRef> keys)
      implements PeerRequest<List<LeaseAnswer>> {}

  /** I no longer want what I asked for under this number. */
  record Withdraw(Member writer, long request, KeyRef key) implements PeerRequest<Boolean> {}

  /** My record of this key is durable: is it the one? */
  record Commit(KeyRef key, PutToken token, Member holder, long stamp, long expiresAtMs)
      implements PeerRequest<CommitDecision> {}

  /** I give this lease back unwritten. */
  record Abort(KeyRef key, PutToken token) implements PeerRequest<Boolean> {}

  /** Where are these keys? */
  record Find(List<KeyRef> keys) implements PeerRequest<List<Lookup>> {}

  /** Is a put of this key open under this token? */
  record IsOpen(KeyRef key, PutToken token) implements PeerRequest<Boolean> {}

  /** I give up what I wrote under this token: end the lease, or forget the record. */
  record Revoke(KeyRef key, PutToken token, Member holder, long stamp)
      implements PeerRequest<Boolean> {}

  /**
   * Delete this key in the whole cluster; the answer is 1 or 0 keys.
   *
   * @param only the one record that is meant, so that a request sent again does not delete a later
   *     one; null for whatever is there
   * @param gaveUp whether the asker gave up a put of the key that may come back
   */
  record Delete(KeyRef key, Lookup.@Nullable Found only, boolean gaveUp)
      implements PeerRequest<Integer> {}

  /** I hold these records no longer. */
  record Forget(Member holder, List<RecordRef> records) implements PeerRequest<Boolean> {}

  /** The holder you named has no such record: ask it, and forget the entry if it is so. */
  record Gone(KeyRef key, Member holder, long stamp) implements PeerRequest<Boolean> {}

  /** What I hold per slot, to compare with what you think I hold. */
  record Compare(Member holder, List<SlotSum> sums) implements PeerRequest<Boolean> {}

  /**
   * I am about to fetch and store what {@code from} holds: know of it until I ask for the {@link
   * Transfer}, or have nothing of it any more, if {@code from} still holds exactly that record.
   */
  record Arrive(KeyRef key, Member from, long fromStamp, Member to)
      implements PeerRequest<CommitDecision> {}

  /**
   * I have a durable copy of what {@code from} holds: make me the holder if {@code from} still is,
   * with exactly that record.
   */
  record Transfer(
      KeyRef key, Member from, long fromStamp, Member to, long toStamp, long expiresAtMs)
      implements PeerRequest<CommitDecision> {}

  /**
   * I have a record of a key that another may hold: if so, and it confirms, order me to drop mine.
   * True when it was dropped.
   */
  record Settle(KeyRef key, Member holder, long stamp, long expiresAtMs)
      implements PeerRequest<Boolean> {}

  /** Count and XOR of the fingerprints held in a slot. */
  record SlotSum(int slot, SlotSummary sum) {}

  // ---- to a holder, writer or waiter ----

  /**
   * I claimed these slots: promise yourself to their epochs and tell me what you hold and write
   * there. The answer covers a prefix of the list, as much as fits; ask again for the rest.
   *
   * @param voided what was deleted there while you may have been away
   */
  record Announce(Member owner, List<SlotEpoch> slots, List<VoidedPuts.Voided> voided)
      implements PeerRequest<List<SlotAnnouncement>> {}

  /** A slot and the epoch of its claim. */
  record SlotEpoch(int slot, long epoch) {}

  /**
   * What a node holds in a slot, what it is writing there, what comes to it by moves, and what it
   * knows to be void.
   */
  record SlotAnnouncement(
      int slot,
      List<Held> held,
      List<OpenPuts.OpenPut> open,
      List<Long> arriving,
      List<VoidedPuts.Voided> voided) {}

  /** A record in an announcement. */
  record Held(long fingerprint, long stamp, long expiresAtMs) {}

  /** The wait of your request has ended so; false if you no longer wait. */
  record Wake(long request, LeaseAnswer answer) implements PeerRequest<Boolean> {}

  /**
   * Do you have exactly this record, readable? Orders with a lower number are void from then on. No
   * answer while the record's commit is not answered.
   */
  record Confirm(KeyRef key, long stamp, Order question) implements PeerRequest<Boolean> {}

  /** Is a record of this key on its way to you by a move, or not settled yet? */
  record IsArriving(KeyRef key) implements PeerRequest<Boolean> {}

  /** Drop this record; the answer comes when its tombstone is durable. */
  record Drop(KeyRef key, long stamp, Order order) implements PeerRequest<Boolean> {}

  /** Pin the value you hold of this key, or end its pin; false if you hold none. */
  record Pin(KeyRef key, boolean on) implements PeerRequest<Boolean> {}

  /**
   * Fetch this record from me, store it and have yourself made its holder. True when you hold the
   * key; false when the owner would not have it.
   */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  record Take(byte[] key, PutToken token, Member from, long stamp, long expiresAtMs, boolean pinned)
      implements PeerRequest<Boolean> {}

  /**
   * Every value of this key up to this token is deleted: drop it from device and memory, now and
   * when it turns up. True when you have none, false when what you have is newer.
   */
  record VoidPuts(KeyRef key, PutToken upTo) implements PeerRequest<Boolean> {}

  /** Drop copies of this key from memory, and those on their way there. */
  record Invalidate(KeyRef key) implements PeerRequest<Boolean> {}
}
