package io.larder.node.directory;

import static org.assertj.core.api.Assertions.assertThat;

import io.larder.node.block.KeyRef;
import io.larder.node.directory.Lookup.Unknown;
import io.larder.node.service.Member;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A record that moves from A to B, at the slot's owner. */
class MoveTest {
  private static final int SLOT = 77;
  private static final long EPOCH = 100;
  private static final long KEY = 0xcafeL;
  private static final long NEVER = EntryTable.NEVER;
  private static final Member A = new Member("a", 1);
  private static final Member B = new Member("b", 2);
  private static final KeyRef REF = new KeyRef(SLOT, KEY);
  private static final Member C = new Member("c", 3);

  private final AtomicLong nanos = new AtomicLong(1);
  private final AtomicBoolean fence = new AtomicBoolean(true);
  private final MemberTable members = new MemberTable();
  private final Directory directory =
      new Directory(
          members,
          new VoidedPuts(),
          nanos::get,
          () -> 1,
          fence::get,
          Rules.STANDARD,
          Deadlines.DEFAULTS);

  @BeforeEach
  void aHoldsTheKey() {
    members.setLive(Set.of(A, B, C));
    directory.claim(SLOT, EPOCH);
    directory.ready(SLOT, EPOCH);
    assertThat(directory.announced(SLOT, EPOCH, KEY, A, 10, NEVER))
        .isEqualTo(AnnounceOutcome.SETTLED);
  }

  private CommitDecision transfer(long fromStamp, Member to, long toStamp) {
    return directory.transfer(REF, A, fromStamp, to, toStamp, NEVER);
  }

  @Test
  void onlyTheRecordThatTheEntryNamesIsMoved() {
    assertThat(transfer(11, B, 20)).isEqualTo(new CommitDecision.Rejected(EPOCH, true));
    assertThat(transfer(10, B, 20)).isEqualTo(new CommitDecision.Accepted(EPOCH));
    assertThat(transfer(10, B, 20)).as("repeated").isEqualTo(new CommitDecision.Accepted(EPOCH));
    assertThat(transfer(10, C, 30)).isEqualTo(new CommitDecision.Rejected(EPOCH, true));
    fence.set(false);
    assertThat(transfer(10, B, 20)).isInstanceOf(CommitDecision.TryAgain.class);
  }

  @Test
  void readersAreSentToTheOldCopyUntilTheNewOneIsConfirmed() {
    transfer(10, B, 20);
    assertThat(directory.lookup(REF)).isEqualTo(new Lookup.Found(A, 10, NEVER));
    assertThat(directory.beginSettlement(REF, new Lookup.Found(A, 10, NEVER)))
        .isEqualTo(new Lookup.Found(B, 20, NEVER));
    assertThat(directory.lookup(REF)).isEqualTo(new Lookup.Found(A, 10, NEVER));
    directory.confirmed(REF, EPOCH);
    assertThat(directory.lookup(REF)).isEqualTo(new Lookup.Found(B, 20, NEVER));
    directory.endSettlement(REF, EPOCH, new Lookup.Found(A, 10, NEVER), true);
    assertThat(directory.lookup(REF)).isEqualTo(new Lookup.Found(B, 20, NEVER));
  }

  @Test
  void whileThereAreTwoCopiesNothingIsDeletedAndOneSettlementRuns() {
    transfer(10, B, 20);
    assertThat(directory.beginDelete(REF, null)).isInstanceOf(Unknown.class);
    assertThat(directory.beginSettlement(REF, new Lookup.Found(A, 10, NEVER))).isNotNull();
    assertThat(directory.beginSettlement(REF, new Lookup.Found(A, 10, NEVER)))
        .as("a second")
        .isNull();
    assertThat(directory.beginSettlement(REF, new Lookup.Found(C, 30, NEVER)))
        .as("another's")
        .isNull();
    directory.endSettlement(REF, EPOCH, new Lookup.Found(A, 10, NEVER), true);
    assertThat(directory.beginDelete(REF, null)).as("C's is known").isInstanceOf(Unknown.class);
    assertThat(directory.beginSettlement(REF, new Lookup.Found(C, 30, NEVER))).isNotNull();
    directory.endSettlement(REF, EPOCH, new Lookup.Found(C, 30, NEVER), true);
    assertThat(directory.beginDelete(REF, null)).isEqualTo(new Lookup.Found(B, 20, NEVER));
  }

  @Test
  void whenTheEntryGoesAnotherCopyThatIsKnownTakesItsPlace() {
    transfer(10, B, 20);
    directory.forget(REF, B, 20);
    assertThat(directory.lookup(REF)).isEqualTo(new Lookup.Found(A, 10, NEVER));
    directory.announced(SLOT, EPOCH, KEY, C, 30, NEVER);
    members.setLive(Set.of(B, C));
    assertThat(directory.lookup(REF)).isEqualTo(new Lookup.Found(C, 30, NEVER));
  }

  @Test
  void aNodesOwnRecordIsNoDuplicateOfItselfWhenItsSessionIsAnother() {
    Member again = new Member(A.nodeId(), A.incarnation() + 100);
    members.setLive(Set.of(again, B, C));
    directory.announced(SLOT, EPOCH, KEY, again, 10, NEVER);
    assertThat(directory.beginSettlement(REF, new Lookup.Found(A, 10, NEVER))).isNull();
  }

  @Test
  void aKeyThatIsBeingDeletedIsNotMoved() {
    assertThat(directory.beginDelete(REF, null)).isInstanceOf(Lookup.Found.class);
    assertThat(transfer(10, B, 20)).isEqualTo(new CommitDecision.Rejected(EPOCH, true));
    assertThat(directory.beginSettlement(REF, new Lookup.Found(B, 20, NEVER))).isNull();
  }

  @Test
  void whileACopyIsOnItsWayNothingIsDeleted() {
    assertThat(directory.arrive(REF, A, 11, B))
        .as("another record")
        .isEqualTo(new CommitDecision.Rejected(EPOCH, true));
    assertThat(directory.arrive(REF, A, 10, B)).isEqualTo(new CommitDecision.Accepted(EPOCH));
    assertThat(directory.beginDelete(REF, null)).isInstanceOf(Unknown.class);
    transfer(10, B, 20);
    assertThat(directory.arrivingTo(REF)).as("it has arrived").isEmpty();
    assertThat(directory.beginSettlement(REF, new Lookup.Found(A, 10, NEVER))).isNotNull();
    directory.endSettlement(REF, EPOCH, new Lookup.Found(A, 10, NEVER), true);
    assertThat(directory.beginDelete(REF, null)).isEqualTo(new Lookup.Found(B, 20, NEVER));
    assertThat(directory.arrive(REF, B, 20, C))
        .as("a key that is being deleted")
        .isEqualTo(new CommitDecision.Rejected(EPOCH, true));
  }

  @Test
  void anOwnerHearsOfCopiesOnTheirWayAndForgetsThemOnlyIfNoneIsSince() {
    directory.announcedArrival(SLOT, EPOCH, KEY, B);
    long first = directory.arrivingTo(REF).getOrDefault(B, 0L);
    directory.announcedArrival(SLOT, EPOCH, KEY, B);
    directory.arrived(REF, EPOCH, B, first);
    assertThat(directory.arrivingTo(REF)).as("said again since").containsOnlyKeys(B);
    long second = directory.arrivingTo(REF).getOrDefault(B, 0L);
    directory.arrived(REF, EPOCH, B, second);
    assertThat(directory.beginDelete(REF, null)).isInstanceOf(Lookup.Found.class);
    directory.endDelete(REF, new Lookup.Found(A, 10, NEVER), false);
    directory.announcedArrival(SLOT, EPOCH, KEY, B);
    members.setLive(Set.of(A, C));
    assertThat(directory.beginDelete(REF, null))
        .as("the copy's node is away")
        .isInstanceOf(Lookup.Found.class);
  }

  @Test
  void nothingIsSettledBehindTheFence() {
    transfer(10, B, 20);
    fence.set(false);
    assertThat(directory.beginSettlement(REF, new Lookup.Found(A, 10, NEVER))).isNull();
    assertThat(directory.mayAct(SLOT, EPOCH)).as("nor is a drop ordered").isFalse();
    fence.set(true);
    assertThat(directory.beginSettlement(REF, new Lookup.Found(A, 10, NEVER))).isNotNull();
    assertThat(directory.mayAct(SLOT, EPOCH)).isTrue();
    assertThat(directory.mayAct(SLOT, EPOCH + 1)).isFalse();
  }

  @Test
  void theSourcesAnnounceDuringAMoveLeavesTheNewEntryAlone() {
    transfer(10, B, 20);
    assertThat(directory.announced(SLOT, EPOCH, KEY, A, 10, NEVER))
        .isEqualTo(AnnounceOutcome.SETTLED);
    assertThat(transfer(10, B, 20)).isEqualTo(new CommitDecision.Accepted(EPOCH));
  }

  @Test
  void anOldCopyThatWasEvictedIsReadNoMore() {
    transfer(10, B, 20);
    directory.forget(REF, A, 10);
    assertThat(directory.lookup(REF)).isEqualTo(new Lookup.Found(B, 20, NEVER));
  }

  @Test
  void aSecondCopyNobodyCaresForHoldsDeletesUpForABoundedTime() {
    transfer(10, B, 20);
    assertThat(directory.beginDelete(REF, null)).isInstanceOf(Unknown.class);
    nanos.addAndGet((Deadlines.DEFAULTS.extraCopyMs() + 1) * 1_000_000);
    assertThat(directory.beginDelete(REF, null)).isEqualTo(new Lookup.Found(B, 20, NEVER));
  }

  @Test
  void aSettlementOfAnOlderEpochChangesNothing() {
    transfer(10, B, 20);
    directory.claim(SLOT, EPOCH + 1);
    directory.ready(SLOT, EPOCH + 1);
    directory.announced(SLOT, EPOCH + 1, KEY, B, 20, NEVER);
    assertThat(directory.beginSettlement(REF, new Lookup.Found(A, 10, NEVER))).isNotNull();
    directory.endSettlement(REF, EPOCH, new Lookup.Found(A, 10, NEVER), true);
    assertThat(directory.beginDelete(REF, null)).isInstanceOf(Unknown.class);
  }
}
