package io.larder.node.directory;

import static org.assertj.core.api.Assertions.assertThat;

import io.larder.node.block.KeyRef;
import io.larder.node.service.LeaseAnswer;
import io.larder.node.service.Member;
import io.larder.protocol.PutToken;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DirectoryTest {
  private static final int SLOT = 77;
  private static final long EPOCH = 100;
  private static final long KEY = 0xcafeL;
  private static final KeyRef REF = new KeyRef(SLOT, KEY);
  private static final long LEASE_MS = 1_000;
  private static final Member A = new Member("a", 1);
  private static final Member B = new Member("b", 2);
  private static final Member A_AGAIN = new Member("a", 3);

  private final AtomicLong nanos = new AtomicLong(1);
  private final AtomicLong logicalMs = new AtomicLong(1);
  private final AtomicBoolean fence = new AtomicBoolean(true);
  private final MemberTable members = new MemberTable();
  private final VoidedPuts voided = new VoidedPuts();
  private final Directory directory =
      new Directory(
          members,
          voided,
          nanos::get,
          logicalMs::get,
          fence::get,
          Rules.STANDARD,
          Deadlines.DEFAULTS);
  private long requests;

  @BeforeEach
  void ownTheSlot() {
    members.setLive(Set.of(A, B));
    directory.claim(SLOT, EPOCH);
    directory.ready(SLOT, EPOCH);
  }

  @Test
  void oneOfTwoWritersIsGranted() {
    assertThat(lease(A)).isInstanceOf(LeaseAnswer.Granted.class);
    assertThat(lease(B)).isInstanceOf(LeaseAnswer.Held.class);
  }

  @Test
  void askingAgainWithTheSameNumberRepeatsTheGrant() {
    LeaseAnswer first = directory.lease(REF, A, 5, LEASE_MS, null);
    assertThat(directory.lease(REF, A, 5, LEASE_MS, null)).isEqualTo(first);
    assertThat(directory.lease(REF, A, 6, LEASE_MS, null)).isInstanceOf(LeaseAnswer.Held.class);
  }

  @Test
  void aCommitMakesTheKeyExistAndWakesEveryWaiter() {
    PutToken token = granted(A);
    List<LeaseAnswer> woken = new ArrayList<>();
    waitFor(B, woken);
    waitFor(B, woken);
    assertThat(directory.commit(REF, token, A, 9, EntryTable.NEVER))
        .isEqualTo(new CommitDecision.Accepted(EPOCH));
    assertThat(woken).containsExactly(new LeaseAnswer.Exists(A), new LeaseAnswer.Exists(A));
    assertThat(lease(B)).isEqualTo(new LeaseAnswer.Exists(A));
    assertThat(directory.lookup(REF)).isEqualTo(new Lookup.Found(A, 9, EntryTable.NEVER));
  }

  @Test
  void anAbortGrantsTheKeyToTheFirstWaiter() {
    PutToken token = granted(A);
    List<LeaseAnswer> first = new ArrayList<>();
    List<LeaseAnswer> second = new ArrayList<>();
    waitFor(B, first);
    waitFor(A, second);
    assertThat(directory.abort(REF, token)).isTrue();
    assertThat(first).singleElement().isInstanceOf(LeaseAnswer.Granted.class);
    assertThat(second).isEmpty();
  }

  @Test
  void aDeadWritersLeasePassesToTheWaiter() {
    granted(A);
    List<LeaseAnswer> woken = new ArrayList<>();
    waitFor(B, woken);
    members.setLive(Set.of(B, A_AGAIN));
    directory.tick();
    assertThat(woken).singleElement().isInstanceOf(LeaseAnswer.Granted.class);
  }

  @Test
  void aLeaseEndsAtItsDeadlineAndItsLateCommitIsOnlyAClaim() {
    PutToken late = granted(A);
    nanos.addAndGet((LEASE_MS + 1) * 1_000_000);
    PutToken token = granted(B);
    assertThat(directory.commit(REF, late, A, 1, EntryTable.NEVER))
        .isEqualTo(new CommitDecision.Rejected(EPOCH, false));
    assertThat(directory.commit(REF, token, B, 2, EntryTable.NEVER))
        .isInstanceOf(CommitDecision.Accepted.class);
    assertThat(directory.commit(REF, late, A, 1, EntryTable.NEVER))
        .isEqualTo(new CommitDecision.Rejected(EPOCH, true));
  }

  @Test
  void aLateClaimOfAKeyThatNobodyWritesIsAccepted() {
    PutToken late = granted(A);
    nanos.addAndGet((LEASE_MS + 1) * 1_000_000);
    assertThat(directory.commit(REF, late, A, 1, EntryTable.NEVER))
        .isInstanceOf(CommitDecision.Accepted.class);
  }

  @Test
  void aRepeatedCommitRepeatsItsAnswer() {
    PutToken token = granted(A);
    directory.commit(REF, token, A, 1, EntryTable.NEVER);
    assertThat(directory.commit(REF, token, A, 1, EntryTable.NEVER))
        .isInstanceOf(CommitDecision.Accepted.class);
  }

  @Test
  void aRevokedPutIsRefusedAndItsLeasePassesToTheNextWaiter() {
    PutToken token = granted(A);
    List<LeaseAnswer> woken = new ArrayList<>();
    waitFor(B, woken);
    assertThat(directory.revoke(REF, token, A, 0)).isTrue();
    assertThat(woken).singleElement().isInstanceOf(LeaseAnswer.Granted.class);
    PutToken next = ((LeaseAnswer.Granted) woken.getFirst()).token();
    assertThat(directory.commit(REF, token, A, 9, EntryTable.NEVER))
        .isEqualTo(new CommitDecision.Rejected(EPOCH, false));
    assertThat(directory.commit(REF, next, B, 5, EntryTable.NEVER))
        .isEqualTo(new CommitDecision.Accepted(EPOCH));
  }

  @Test
  void aRevokedPutThatWasAcceptedIsGoneAndItsRepeatedCommitIsRefused() {
    PutToken token = granted(A);
    directory.commit(REF, token, A, 9, EntryTable.NEVER);
    assertThat(directory.revoke(REF, token, A, 9)).isTrue();
    assertThat(directory.lookup(REF)).isInstanceOf(Lookup.Absent.class);
    assertThat(directory.commit(REF, token, A, 9, EntryTable.NEVER))
        .isEqualTo(new CommitDecision.Rejected(EPOCH, false));
    assertThat(lease(B)).isInstanceOf(LeaseAnswer.Granted.class);
  }

  @Test
  void aRevokedPutDoesNotTakeAnotherRecordOfItsKeyWithIt() {
    PutToken token = granted(A);
    directory.abort(REF, token);
    directory.commit(REF, granted(B), B, 5, EntryTable.NEVER);
    assertThat(directory.revoke(REF, token, A, 9)).isTrue();
    assertThat(directory.lookup(REF)).isEqualTo(new Lookup.Found(B, 5, EntryTable.NEVER));
  }

  @Test
  void onlyTheOwnerRevokes() {
    PutToken token = granted(A);
    directory.release(SLOT);
    assertThat(directory.revoke(REF, token, A, 0)).isFalse();
  }

  @Test
  void aVoidPutIsRefusedAndALaterOneAccepted() {
    PutToken before = granted(A);
    PutToken upTo = directory.latestToken(EPOCH);
    assertThat(voided.add(new VoidedPuts.Voided(REF, upTo))).isTrue();
    assertThat(directory.commit(REF, before, A, 1, EntryTable.NEVER))
        .isEqualTo(new CommitDecision.Rejected(EPOCH, false));
    directory.abort(REF, before);
    PutToken after = granted(B);
    assertThat(after).isGreaterThan(upTo);
    assertThat(directory.commit(REF, after, B, 2, EntryTable.NEVER))
        .isEqualTo(new CommitDecision.Accepted(EPOCH));
  }

  @Test
  void aVoidPutThatANodeListsAsOpenDoesNotHoldItsKey() {
    PutToken open = granted(A);
    assertThat(voided.add(new VoidedPuts.Voided(REF, directory.latestToken(EPOCH)))).isTrue();
    directory.claim(SLOT, EPOCH + 1);
    directory.announcedPut(SLOT, EPOCH + 1, KEY, A, open, LEASE_MS);
    directory.ready(SLOT, EPOCH + 1);
    assertThat(lease(B)).isInstanceOf(LeaseAnswer.Granted.class);
  }

  @Test
  void aDeleteOfOneRecordLeavesAnotherAlone() {
    directory.commit(REF, granted(A), A, 9, EntryTable.NEVER);
    Lookup.Found there = new Lookup.Found(A, 9, EntryTable.NEVER);
    Lookup.Found gone = new Lookup.Found(A, 8, EntryTable.NEVER);
    assertThat(directory.beginDelete(REF, gone)).isInstanceOf(Lookup.Absent.class);
    assertThat(directory.lookup(REF)).isEqualTo(there);
    assertThat(lease(B)).as("it is not being deleted").isEqualTo(new LeaseAnswer.Exists(A));
    assertThat(directory.beginDelete(REF, there)).isEqualTo(there);
  }

  @Test
  void aDeleteOfOneRecordMeansItThoughItsNodeStartsAnewOrIsAway() {
    directory.commit(REF, granted(A), A, 9, EntryTable.NEVER);
    Lookup.Found meant = new Lookup.Found(A, 9, EntryTable.NEVER);
    members.setLive(Set.of(B));
    assertThat(directory.beginDelete(REF, meant)).isInstanceOf(Lookup.Absent.class);
    assertThat(directory.mayReturn(REF, meant, B::equals)).as("it is noted").isTrue();
    Lookup.Found another = new Lookup.Found(B, 9, EntryTable.NEVER);
    assertThat(directory.mayReturn(REF, another, B::equals)).isFalse();
    members.setLive(Set.of(B, A_AGAIN));
    assertThat(directory.announced(SLOT, EPOCH, KEY, A_AGAIN, 9, EntryTable.NEVER))
        .isEqualTo(AnnounceOutcome.SETTLED);
    assertThat(directory.beginDelete(REF, meant))
        .isEqualTo(new Lookup.Found(A_AGAIN, 9, EntryTable.NEVER));
  }

  @Test
  void aDoubtedKeyIsNeitherGrantedNorCommittedNorDeletedUntilItIsKnown() {
    PutToken token = granted(A);
    directory.doubt(REF, EPOCH);
    directory.doubt(REF, EPOCH); // of two records
    assertThat(lease(B)).isInstanceOf(LeaseAnswer.TryAgain.class);
    directory.endDoubt(REF, EPOCH);
    assertThat(directory.commit(REF, token, A, 1, EntryTable.NEVER))
        .isInstanceOf(CommitDecision.TryAgain.class);
    assertThat(directory.beginDelete(REF, null)).isInstanceOf(Lookup.Unknown.class);
    directory.endDoubt(REF, EPOCH);
    assertThat(directory.commit(REF, token, A, 1, EntryTable.NEVER))
        .isEqualTo(new CommitDecision.Accepted(EPOCH));
  }

  @Test
  void aValueMayReturnIfItsHolderIsAwayOrItsPutWasGivenUpOrCannotBeHeardOf() {
    assertThat(directory.mayReturn(REF, null, A::equals)).as("never heard of").isFalse();
    PutToken token = granted(A);
    assertThat(directory.mayReturn(REF, null, A::equals)).as("its writer is there").isFalse();
    assertThat(directory.mayReturn(REF, null, B::equals)).as("its writer is away").isTrue();
    directory.revoke(REF, token, A, 0);
    assertThat(directory.mayReturn(REF, null, A::equals)).as("it was given up").isTrue();
    directory.commit(new KeyRef(SLOT, KEY + 1), leaseOf(KEY + 1), A, 9, EntryTable.NEVER);
    members.setLive(Set.of(B));
    assertThat(directory.lookup(new KeyRef(SLOT, KEY + 1))).isInstanceOf(Lookup.Absent.class);
    assertThat(directory.mayReturn(new KeyRef(SLOT, KEY + 1), null, B::equals))
        .as("its holder is away")
        .isTrue();
  }

  private PutToken leaseOf(long key) {
    return ((LeaseAnswer.Granted) directory.lease(new KeyRef(SLOT, key), A, 1, LEASE_MS, null))
        .token();
  }

  @Test
  void nothingIsGrantedOrCommittedBehindTheFence() {
    PutToken token = granted(A);
    fence.set(false);
    assertThat(directory.lease(new KeyRef(SLOT, KEY + 1), B, 1, LEASE_MS, null))
        .isInstanceOf(LeaseAnswer.TryAgain.class);
    assertThat(directory.commit(REF, token, A, 1, EntryTable.NEVER))
        .isInstanceOf(CommitDecision.TryAgain.class);
    assertThat(directory.beginDelete(REF, null)).isInstanceOf(Lookup.Unknown.class);
  }

  @Test
  void aSyncingSlotGrantsNothingAndKnowsOnlyWhatWasAnnounced() {
    directory.claim(SLOT, EPOCH + 1);
    assertThat(lease(A)).isInstanceOf(LeaseAnswer.TryAgain.class);
    assertThat(directory.lookup(REF)).isInstanceOf(Lookup.Unknown.class);
    assertThat(directory.announced(SLOT, EPOCH + 1, KEY, B, 4, EntryTable.NEVER))
        .isEqualTo(AnnounceOutcome.SETTLED);
    assertThat(directory.lookup(REF)).isInstanceOf(Lookup.Found.class);
    directory.ready(SLOT, EPOCH + 1);
    assertThat(lease(A)).isEqualTo(new LeaseAnswer.Exists(B));
  }

  @Test
  void aPutOpenUnderAnEarlierEpochKeepsItsKey() {
    PutToken old = granted(A);
    directory.claim(SLOT, EPOCH + 1);
    directory.announcedPut(SLOT, EPOCH + 1, KEY, A, old, LEASE_MS);
    directory.ready(SLOT, EPOCH + 1);
    assertThat(lease(B)).isInstanceOf(LeaseAnswer.Held.class);
    assertThat(directory.commit(REF, old, A, 1, EntryTable.NEVER))
        .isEqualTo(new CommitDecision.Accepted(EPOCH + 1));
  }

  @Test
  void aDurableCopyWinsAgainstAMereLease() {
    PutToken token = granted(A);
    List<LeaseAnswer> woken = new ArrayList<>();
    waitFor(A, woken);
    assertThat(directory.announced(SLOT, EPOCH, KEY, B, 4, EntryTable.NEVER))
        .isEqualTo(AnnounceOutcome.SETTLED);
    assertThat(woken).containsExactly(new LeaseAnswer.Exists(B));
    assertThat(directory.commit(REF, token, A, 1, EntryTable.NEVER))
        .isEqualTo(new CommitDecision.Rejected(EPOCH, true));
  }

  @Test
  void anAnnouncementDoesNotUndoALaterCommitOfTheSameNode() {
    // Listed by the node before its commit was accepted, heard after it.
    directory.commit(REF, granted(A), A, 9, EntryTable.NEVER);
    assertThat(directory.announced(SLOT, EPOCH, KEY, A, 4, EntryTable.NEVER))
        .as("to be verified with the node")
        .isEqualTo(new AnnounceOutcome.Conflict(new Lookup.Found(A, 9, EntryTable.NEVER)));
    assertThat(directory.lookup(REF)).isEqualTo(new Lookup.Found(A, 9, EntryTable.NEVER));
  }

  @Test
  void aSecondDurableCopyIsReportedAsADuplicate() {
    stored(A, 1);
    assertThat(directory.announced(SLOT, EPOCH, KEY, B, 4, EntryTable.NEVER))
        .isEqualTo(new AnnounceOutcome.Duplicate(new Lookup.Found(A, 1, EntryTable.NEVER)));
  }

  @Test
  void anEndedIncarnationsEntriesAreAbsentUntilItAnnouncesAgain() {
    stored(A, 1);
    members.setLive(Set.of(B, A_AGAIN));
    assertThat(directory.lookup(REF)).isInstanceOf(Lookup.Absent.class);
    assertThat(directory.announced(SLOT, EPOCH, KEY, A_AGAIN, 1, EntryTable.NEVER))
        .isEqualTo(AnnounceOutcome.SETTLED);
    assertThat(directory.lookup(REF)).isEqualTo(new Lookup.Found(A_AGAIN, 1, EntryTable.NEVER));
  }

  @Test
  void forgettingComparesHolderAndStamp() {
    stored(A, 1);
    assertThat(directory.forget(REF, A, 2)).isFalse();
    assertThat(directory.forget(REF, B, 1)).isFalse();
    assertThat(directory.forget(REF, A, 1)).isTrue();
    assertThat(directory.lookup(REF)).isInstanceOf(Lookup.Absent.class);
  }

  @Test
  void aKeyBeingDeletedIsGrantedToNobodyUntilTheDeleteEnds() {
    stored(A, 1);
    Lookup.Found entry = (Lookup.Found) directory.beginDelete(REF, null);
    directory.forget(REF, A, 1);
    assertThat(lease(B)).isInstanceOf(LeaseAnswer.TryAgain.class);
    directory.endDelete(REF, entry, true);
    assertThat(lease(B)).isInstanceOf(LeaseAnswer.Granted.class);
  }

  @Test
  void aDeleteWithoutATombstoneKeepsTheEntry() {
    stored(A, 1);
    Lookup.Found entry = (Lookup.Found) directory.beginDelete(REF, null);
    directory.endDelete(REF, entry, false);
    assertThat(directory.lookup(REF)).isInstanceOf(Lookup.Found.class);
  }

  @Test
  void anExpiredEntryIsAbsent() {
    PutToken token = granted(A);
    directory.commit(REF, token, A, 1, 500);
    logicalMs.set(499);
    assertThat(directory.lookup(REF)).isInstanceOf(Lookup.Found.class);
    logicalMs.set(500);
    assertThat(directory.lookup(REF)).isInstanceOf(Lookup.Absent.class);
    assertThat(lease(B)).isInstanceOf(LeaseAnswer.Granted.class);
  }

  @Test
  void aReleasedSlotSendsItsWaitersAway() {
    granted(A);
    List<LeaseAnswer> woken = new ArrayList<>();
    waitFor(B, woken);
    directory.release(SLOT);
    assertThat(woken).singleElement().isInstanceOf(LeaseAnswer.TryAgain.class);
    assertThat(lease(B)).isInstanceOf(LeaseAnswer.TryAgain.class);
  }

  @Test
  void aWithdrawnGrantPassesOn() {
    directory.lease(REF, A, 5, LEASE_MS, null);
    List<LeaseAnswer> woken = new ArrayList<>();
    waitFor(B, woken);
    assertThat(directory.withdraw(REF, A, 5)).isTrue();
    assertThat(woken).singleElement().isInstanceOf(LeaseAnswer.Granted.class);
  }

  private LeaseAnswer lease(Member writer) {
    return directory.lease(REF, writer, ++requests, LEASE_MS, null);
  }

  private PutToken granted(Member writer) {
    return ((LeaseAnswer.Granted) lease(writer)).token();
  }

  private void waitFor(Member writer, List<LeaseAnswer> woken) {
    long request = ++requests;
    Waiter waiter =
        new Waiter(writer, request, LEASE_MS, nanos.get() + 10_000_000_000L, woken::add);
    assertThat(directory.lease(REF, writer, request, LEASE_MS, waiter))
        .isInstanceOf(LeaseAnswer.Held.class);
  }

  private void stored(Member holder, long stamp) {
    PutToken token = granted(holder);
    directory.commit(REF, token, holder, stamp, EntryTable.NEVER);
  }
}
