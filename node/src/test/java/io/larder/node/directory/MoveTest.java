package io.larder.node.directory;

import static org.assertj.core.api.Assertions.assertThat;

import io.larder.node.directory.Lookup.Unknown;
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
  private static final Member C = new Member("c", 3);

  private final AtomicLong nanos = new AtomicLong(1);
  private final AtomicBoolean fence = new AtomicBoolean(true);
  private final MemberTable members = new MemberTable();
  private final Directory directory =
      new Directory(members, new VoidedPuts(), nanos::get, () -> 1, fence::get, Rules.STANDARD);

  @BeforeEach
  void aHoldsTheKey() {
    members.setLive(Set.of(A, B, C));
    directory.claim(SLOT, EPOCH);
    directory.ready(SLOT, EPOCH);
    assertThat(directory.announced(SLOT, EPOCH, KEY, A, 10, NEVER)).isNull();
  }

  private CommitAnswer transfer(long fromStamp, Member to, long toStamp) {
    return directory.transfer(SLOT, KEY, A, fromStamp, to, toStamp, NEVER);
  }

  @Test
  void onlyTheRecordThatTheEntryNamesIsMoved() {
    assertThat(transfer(11, B, 20)).isEqualTo(new CommitAnswer.Rejected(EPOCH, true));
    assertThat(transfer(10, B, 20)).isEqualTo(new CommitAnswer.Accepted(EPOCH));
    assertThat(transfer(10, B, 20)).as("repeated").isEqualTo(new CommitAnswer.Accepted(EPOCH));
    assertThat(transfer(10, C, 30)).isEqualTo(new CommitAnswer.Rejected(EPOCH, true));
    fence.set(false);
    assertThat(transfer(10, B, 20)).isInstanceOf(CommitAnswer.TryAgain.class);
  }

  @Test
  void readersAreSentToTheOldCopyUntilTheNewOneIsConfirmed() {
    transfer(10, B, 20);
    assertThat(directory.lookup(SLOT, KEY)).isEqualTo(new Lookup.Found(A, 10, NEVER));
    assertThat(directory.beginSettlement(SLOT, KEY, A, 10, NEVER))
        .isEqualTo(new Lookup.Found(B, 20, NEVER));
    assertThat(directory.lookup(SLOT, KEY)).isEqualTo(new Lookup.Found(A, 10, NEVER));
    directory.confirmed(SLOT, EPOCH, KEY);
    assertThat(directory.lookup(SLOT, KEY)).isEqualTo(new Lookup.Found(B, 20, NEVER));
    directory.endSettlement(SLOT, EPOCH, KEY, A, 10, true);
    assertThat(directory.lookup(SLOT, KEY)).isEqualTo(new Lookup.Found(B, 20, NEVER));
  }

  @Test
  void whileThereAreTwoCopiesNothingIsDeletedAndOneSettlementRuns() {
    transfer(10, B, 20);
    assertThat(directory.beginDelete(SLOT, KEY, null)).isInstanceOf(Unknown.class);
    assertThat(directory.beginSettlement(SLOT, KEY, A, 10, NEVER)).isNotNull();
    assertThat(directory.beginSettlement(SLOT, KEY, A, 10, NEVER)).as("a second").isNull();
    assertThat(directory.beginSettlement(SLOT, KEY, C, 30, NEVER)).as("another's").isNull();
    directory.endSettlement(SLOT, EPOCH, KEY, A, 10, true);
    assertThat(directory.beginDelete(SLOT, KEY, null))
        .as("C's is known")
        .isInstanceOf(Unknown.class);
    assertThat(directory.beginSettlement(SLOT, KEY, C, 30, NEVER)).isNotNull();
    directory.endSettlement(SLOT, EPOCH, KEY, C, 30, true);
    assertThat(directory.beginDelete(SLOT, KEY, null)).isEqualTo(new Lookup.Found(B, 20, NEVER));
  }

  @Test
  void whenTheEntryGoesAnotherCopyThatIsKnownTakesItsPlace() {
    transfer(10, B, 20);
    directory.forget(SLOT, KEY, B, 20);
    assertThat(directory.lookup(SLOT, KEY)).isEqualTo(new Lookup.Found(A, 10, NEVER));
    directory.announced(SLOT, EPOCH, KEY, C, 30, NEVER);
    members.setLive(Set.of(B, C));
    assertThat(directory.lookup(SLOT, KEY)).isEqualTo(new Lookup.Found(C, 30, NEVER));
  }

  @Test
  void aNodesOwnRecordIsNoDuplicateOfItselfWhenItsSessionIsAnother() {
    Member again = new Member(A.nodeId(), A.incarnation() + 100);
    members.setLive(Set.of(again, B, C));
    directory.announced(SLOT, EPOCH, KEY, again, 10, NEVER);
    assertThat(directory.beginSettlement(SLOT, KEY, A, 10, NEVER)).isNull();
  }

  @Test
  void aKeyThatIsBeingDeletedIsNotMoved() {
    assertThat(directory.beginDelete(SLOT, KEY, null)).isInstanceOf(Lookup.Found.class);
    assertThat(transfer(10, B, 20)).isEqualTo(new CommitAnswer.Rejected(EPOCH, true));
    assertThat(directory.beginSettlement(SLOT, KEY, B, 20, NEVER)).isNull();
  }

  @Test
  void whileACopyIsOnItsWayNothingIsDeleted() {
    assertThat(directory.arrive(SLOT, KEY, A, 11, B))
        .as("another record")
        .isEqualTo(new CommitAnswer.Rejected(EPOCH, true));
    assertThat(directory.arrive(SLOT, KEY, A, 10, B)).isEqualTo(new CommitAnswer.Accepted(EPOCH));
    assertThat(directory.beginDelete(SLOT, KEY, null)).isInstanceOf(Unknown.class);
    transfer(10, B, 20);
    assertThat(directory.arrivingTo(SLOT, KEY)).as("it has arrived").isEmpty();
    assertThat(directory.beginSettlement(SLOT, KEY, A, 10, NEVER)).isNotNull();
    directory.endSettlement(SLOT, EPOCH, KEY, A, 10, true);
    assertThat(directory.beginDelete(SLOT, KEY, null)).isEqualTo(new Lookup.Found(B, 20, NEVER));
    assertThat(directory.arrive(SLOT, KEY, B, 20, C))
        .as("a key that is being deleted")
        .isEqualTo(new CommitAnswer.Rejected(EPOCH, true));
  }

  @Test
  void anOwnerHearsOfCopiesOnTheirWayAndForgetsThemOnlyIfNoneIsSince() {
    directory.announcedArrival(SLOT, EPOCH, KEY, B);
    long first = directory.arrivingTo(SLOT, KEY).getOrDefault(B, 0L);
    directory.announcedArrival(SLOT, EPOCH, KEY, B);
    directory.arrived(SLOT, EPOCH, KEY, B, first);
    assertThat(directory.arrivingTo(SLOT, KEY)).as("said again since").containsOnlyKeys(B);
    long second = directory.arrivingTo(SLOT, KEY).getOrDefault(B, 0L);
    directory.arrived(SLOT, EPOCH, KEY, B, second);
    assertThat(directory.beginDelete(SLOT, KEY, null)).isInstanceOf(Lookup.Found.class);
    directory.endDelete(SLOT, KEY, new Lookup.Found(A, 10, NEVER), false);
    directory.announcedArrival(SLOT, EPOCH, KEY, B);
    members.setLive(Set.of(A, C));
    assertThat(directory.beginDelete(SLOT, KEY, null))
        .as("the copy's node is away")
        .isInstanceOf(Lookup.Found.class);
  }

  @Test
  void nothingIsSettledBehindTheFence() {
    transfer(10, B, 20);
    fence.set(false);
    assertThat(directory.beginSettlement(SLOT, KEY, A, 10, NEVER)).isNull();
    assertThat(directory.mayAct(SLOT, EPOCH)).as("nor is a drop ordered").isFalse();
    fence.set(true);
    assertThat(directory.beginSettlement(SLOT, KEY, A, 10, NEVER)).isNotNull();
    assertThat(directory.mayAct(SLOT, EPOCH)).isTrue();
    assertThat(directory.mayAct(SLOT, EPOCH + 1)).isFalse();
  }

  @Test
  void theSourcesAnnounceDuringAMoveLeavesTheNewEntryAlone() {
    transfer(10, B, 20);
    assertThat(directory.announced(SLOT, EPOCH, KEY, A, 10, NEVER)).isNull();
    assertThat(transfer(10, B, 20)).isEqualTo(new CommitAnswer.Accepted(EPOCH));
  }

  @Test
  void anOldCopyThatWasEvictedIsReadNoMore() {
    transfer(10, B, 20);
    directory.forget(SLOT, KEY, A, 10);
    assertThat(directory.lookup(SLOT, KEY)).isEqualTo(new Lookup.Found(B, 20, NEVER));
  }

  @Test
  void aSecondCopyNobodyCaresForHoldsDeletesUpForABoundedTime() {
    transfer(10, B, 20);
    assertThat(directory.beginDelete(SLOT, KEY, null)).isInstanceOf(Unknown.class);
    nanos.addAndGet((Copies.OTHER_COPY_MS + 1) * 1_000_000);
    assertThat(directory.beginDelete(SLOT, KEY, null)).isEqualTo(new Lookup.Found(B, 20, NEVER));
  }

  @Test
  void aSettlementOfAnOlderEpochChangesNothing() {
    transfer(10, B, 20);
    directory.claim(SLOT, EPOCH + 1);
    directory.ready(SLOT, EPOCH + 1);
    directory.announced(SLOT, EPOCH + 1, KEY, B, 20, NEVER);
    assertThat(directory.beginSettlement(SLOT, KEY, A, 10, NEVER)).isNotNull();
    directory.endSettlement(SLOT, EPOCH, KEY, A, 10, true);
    assertThat(directory.beginDelete(SLOT, KEY, null)).isInstanceOf(Unknown.class);
  }
}
