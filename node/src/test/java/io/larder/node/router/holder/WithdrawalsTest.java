package io.larder.node.router.holder;

import static org.assertj.core.api.Assertions.assertThat;

import io.larder.coordinator.registry.ClusterImage;
import io.larder.coordinator.registry.NodeRecord;
import io.larder.coordinator.registry.SlotTable;
import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.KeyRef;
import io.larder.node.block.Payload;
import io.larder.node.directory.CommitDecision;
import io.larder.node.directory.Deadlines;
import io.larder.node.directory.Directory;
import io.larder.node.directory.MemberTable;
import io.larder.node.directory.Rules;
import io.larder.node.directory.VoidedPuts;
import io.larder.node.peer.PeerException;
import io.larder.node.peer.PeerRequest;
import io.larder.node.peer.PeerTransport;
import io.larder.node.router.cluster.Cluster;
import io.larder.node.service.LeaseAnswer;
import io.larder.node.service.Member;
import io.larder.protocol.Command;
import io.larder.protocol.PutToken;
import io.larder.protocol.Reply;
import io.larder.protocol.Slots;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A writer that gives puts up; their owner is a directory behind a link that can be cut. */
class WithdrawalsTest {
  private static final int SLOT = 77;
  private static final long FINGERPRINT = 0xcafeL;
  private static final KeyRef KEY = new KeyRef(SLOT, FINGERPRINT);
  private static final long EPOCH = 100;
  private static final long STAMP = 9;
  private static final Member WRITER = new Member("writer", 1);
  private static final Member OWNER = new Member("owner", 2);

  private final MemberTable members = new MemberTable();
  private final Directory directory =
      new Directory(
          members,
          new VoidedPuts(),
          System::nanoTime,
          () -> 1,
          () -> true,
          Rules.STANDARD,
          Deadlines.DEFAULTS);
  private final Link link = new Link();
  private final Cluster cluster = new Cluster(WRITER.nodeId(), link, Deadlines.DEFAULTS);
  private final Withdrawals withdrawals = new Withdrawals(cluster);

  /** The way to the owner: what is sent arrives when it is delivered. */
  private final class Link implements PeerTransport {
    final Queue<Runnable> sent = new ArrayDeque<>();
    boolean isCut;

    @Override
    public boolean isReachable(Member member) {
      return !isCut;
    }

    @Override
    @SuppressWarnings("unchecked") // the one kind of request is answered with its own answer type
    public <A> CompletableFuture<A> ask(Member to, PeerRequest<A> request, long deadlineMs) {
      if (isCut) {
        return CompletableFuture.failedFuture(new PeerException("the link is cut"));
      }
      CompletableFuture<Boolean> answer = new CompletableFuture<>();
      PeerRequest.Revoke revoke = (PeerRequest.Revoke) request;
      sent.add(() -> {
        if (isRevoked(revoke)) {
          answer.complete(true);
        } else {
          answer.completeExceptionally(new PeerException("the slot is another's"));
        }
      });
      return (CompletableFuture<A>) answer;
    }

    private boolean isRevoked(PeerRequest.Revoke revoke) {
      KeyRef key = revoke.key();
      return directory.revoke(key, revoke.token(), revoke.holder(), revoke.stamp());
    }

    void deliver() {
      while (!sent.isEmpty()) {
        sent.remove().run();
      }
    }

    @Override
    public CompletableFuture<@Nullable Block> fetch(Member holder, Key key, long expiresAtMs) {
      return CompletableFuture.failedFuture(new PeerException("no blocks go this way"));
    }

    @Override
    public CompletableFuture<Reply> put(Member to, Command put, Payload payload, long deadlineMs) {
      return CompletableFuture.failedFuture(new PeerException("no puts go this way"));
    }
  }

  @BeforeEach
  void aSlotWithAnOwner() {
    members.setLive(Set.of(WRITER, OWNER));
    directory.claim(SLOT, EPOCH);
    directory.ready(SLOT, EPOCH);
    String[] owners = new String[Slots.COUNT];
    Arrays.fill(owners, OWNER.nodeId());
    cluster.setImage(new ClusterImage(SlotTable.of(owners, 1), Map.of("owner", record())));
  }

  private static NodeRecord record() {
    return new NodeRecord(OWNER.nodeId(), OWNER.incarnation(), "127.0.0.1", 1, 0, "", 1, "", "");
  }

  private PutToken granted() {
    LeaseAnswer answer = directory.lease(KEY, WRITER, 1, 30_000, null);
    return ((LeaseAnswer.Granted) answer).token();
  }

  private boolean isHidden() {
    return withdrawals.hides(KEY);
  }

  @Test
  void aWithdrawnPutHidesItsKeyUntilTheOwnerHasAnswered() {
    PutToken token = granted();
    assertThat(directory.commit(KEY, token, WRITER, STAMP, Block.NEVER))
        .isEqualTo(new CommitDecision.Accepted(EPOCH));
    assertThat(isHidden()).isFalse();
    withdrawals.add(KEY, token, WRITER, STAMP);
    assertThat(isHidden()).isTrue();
    assertThat(withdrawals.isOpen(KEY)).isTrue();
    assertThat(withdrawals.hides(new KeyRef(SLOT, FINGERPRINT + 1))).as("another key").isFalse();
    link.deliver();
    assertThat(isHidden()).isFalse();
    assertThat(withdrawals.isOpen(KEY)).isFalse();
    assertThat(withdrawals.size()).isZero();
    assertThat(directory.commit(KEY, token, WRITER, STAMP, Block.NEVER))
        .as("it does not come true later")
        .isEqualTo(new CommitDecision.Rejected(EPOCH, false));
  }

  @Test
  void aKeyThatIsStoredMeanwhileCanBeRead() {
    withdrawals.add(KEY, granted(), WRITER, STAMP);
    withdrawals.stored(KEY);
    assertThat(isHidden()).isFalse();
    assertThat(withdrawals.isOpen(KEY)).as("the owner has not answered").isTrue();
    withdrawals.add(KEY, new PutToken(EPOCH, 99), WRITER, STAMP + 1);
    assertThat(isHidden()).as("another put of it was given up").isTrue();
    link.deliver();
    assertThat(isHidden()).isFalse();
    assertThat(withdrawals.isOpen(KEY)).isFalse();
  }

  @Test
  void twoWithdrawnPutsOfAKeyHideItUntilBothAreAnswered() {
    withdrawals.add(KEY, granted(), WRITER, STAMP);
    withdrawals.add(KEY, new PutToken(EPOCH, 99), WRITER, STAMP + 1);
    link.sent.remove().run();
    assertThat(isHidden()).isTrue();
    link.deliver();
    assertThat(isHidden()).isFalse();
  }

  @Test
  void anOwnerThatIsAwayIsAskedWhenItIsBack() {
    PutToken token = granted();
    link.isCut = true;
    withdrawals.add(KEY, token, WRITER, STAMP);
    withdrawals.tick();
    assertThat(isHidden()).isTrue();
    assertThat(withdrawals.size()).isEqualTo(1);
    link.isCut = false;
    assertThat(isHidden()).as("it has not answered").isTrue();
    withdrawals.tick();
    assertThat(isHidden()).isTrue();
    link.deliver();
    assertThat(isHidden()).isFalse();
    assertThat(directory.commit(KEY, token, WRITER, STAMP, Block.NEVER))
        .isEqualTo(new CommitDecision.Rejected(EPOCH, false));
  }

  @Test
  void whoDoesNotOwnTheSlotAnyMoreIsNotBelieved() {
    withdrawals.add(KEY, granted(), WRITER, STAMP);
    directory.release(SLOT);
    link.deliver();
    assertThat(isHidden()).isTrue();
    directory.claim(SLOT, EPOCH + 1);
    withdrawals.tick();
    link.deliver();
    assertThat(isHidden()).isFalse();
  }
}
