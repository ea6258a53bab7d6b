package io.larder.node.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.larder.node.block.KeyRef;
import io.larder.node.block.RecordRef;
import io.larder.node.block.SlotSummary;
import io.larder.node.directory.CommitDecision;
import io.larder.node.directory.Lookup;
import io.larder.node.directory.Order;
import io.larder.node.directory.VoidedPuts.Voided;
import io.larder.node.service.LeaseAnswer;
import io.larder.node.service.Member;
import io.larder.protocol.PutToken;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PeerWireTest {
  private static final Member NODE = new Member("node-1", 0x123456789abcdefL);
  private static final KeyRef KEY = new KeyRef(16_383, -7);
  private static final PutToken TOKEN = new PutToken(5, 9);

  record Exchange(PeerRequest<?> request, Object answer) {}

  private static Stream<Exchange> exchanges() {
    List<LeaseAnswer> leases =
        List.of(
            new LeaseAnswer.Granted(TOKEN),
            new LeaseAnswer.Exists(NODE),
            new LeaseAnswer.Held(),
            new LeaseAnswer.TryAgain("slot 3 has no owner"));
    List<Lookup> lookups =
        List.of(new Lookup.Found(NODE, 77, 88), new Lookup.Absent(), new Lookup.Unknown());
    return Stream.of(
        new Exchange(new PeerRequest.Lease(NODE, 4, 1000, 50, List.of(KEY, KEY)), leases),
        new Exchange(new PeerRequest.Withdraw(NODE, 4, KEY), true),
        new Exchange(
            new PeerRequest.Commit(KEY, TOKEN, NODE, 77, 88), new CommitDecision.Accepted(6)),
        new Exchange(
            new PeerRequest.Commit(KEY, TOKEN, NODE, 77, 88), new CommitDecision.Rejected(6, true)),
        new Exchange(
            new PeerRequest.Commit(KEY, TOKEN, NODE, 77, 88), new CommitDecision.TryAgain("why")),
        new Exchange(new PeerRequest.Abort(KEY, TOKEN), false),
        new Exchange(new PeerRequest.Find(List.of(KEY)), lookups),
        new Exchange(new PeerRequest.IsOpen(KEY, TOKEN), true),
        new Exchange(new PeerRequest.Revoke(KEY, TOKEN, NODE, 3), true),
        new Exchange(new PeerRequest.Delete(KEY, null, true), 1),
        new Exchange(new PeerRequest.Delete(KEY, new Lookup.Found(NODE, 3, 4), false), 0),
        new Exchange(new PeerRequest.VoidPuts(KEY, TOKEN), false),
        new Exchange(new PeerRequest.Forget(NODE, List.of(new RecordRef(KEY, 3))), true),
        new Exchange(new PeerRequest.Gone(KEY, NODE, 3), true),
        new Exchange(
            new PeerRequest.Compare(
                NODE, List.of(new PeerRequest.SlotSum(9, new SlotSummary(2, -5)))),
            true),
        new Exchange(
            new PeerRequest.Announce(
                NODE,
                List.of(new PeerRequest.SlotEpoch(9, 44)),
                List.of(new Voided(new KeyRef(9, 5), TOKEN))),
            List.of(
                new PeerRequest.SlotAnnouncement(
                    9,
                    List.of(new PeerRequest.Held(1, 2, 3)),
                    List.of(),
                    List.of(4L),
                    List.of(new Voided(new KeyRef(9, 6), TOKEN))))),
        new Exchange(
            new PeerRequest.Arrive(KEY, NODE, 77, new Member("node-2", 8)),
            new CommitDecision.Accepted(6)),
        new Exchange(new PeerRequest.IsArriving(KEY), true),
        new Exchange(new PeerRequest.Wake(4, new LeaseAnswer.Held()), true),
        new Exchange(new PeerRequest.Confirm(KEY, 3, new Order(6, 7)), true),
        new Exchange(new PeerRequest.Drop(KEY, 3, new Order(6, 8)), true),
        new Exchange(new PeerRequest.Pin(KEY, true), false),
        new Exchange(
            new PeerRequest.Transfer(KEY, NODE, 77, new Member("node-2", 8), 78, 99),
            new CommitDecision.Accepted(6)),
        new Exchange(new PeerRequest.Settle(KEY, NODE, 77, 99), true),
        new Exchange(new PeerRequest.Take(new byte[] {1, 2}, TOKEN, NODE, 77, 99, true), true),
        new Exchange(new PeerRequest.Invalidate(KEY), true));
  }

  @ParameterizedTest
  @MethodSource("exchanges")
  void whatIsWrittenIsRead(Exchange exchange) {
    PeerRequest<?> request = exchange.request();
    assertThat(
            PeerRequestWire.decode(PeerRequestWire.name(request), PeerRequestWire.encode(request)))
        .usingRecursiveComparison() // of arrays, by their bytes
        .isEqualTo(request);
    byte[] answer = PeerAnswerWire.encode(request, exchange.answer(), 0);
    Object read = PeerAnswerWire.decode(request, answer, 0);
    assertThat(read).isEqualTo(exchange.answer());
  }

  @ParameterizedTest
  @MethodSource("exchanges")
  void aTruncatedOrPaddedBodyIsRefused(Exchange exchange) {
    String name = PeerRequestWire.name(exchange.request());
    byte[] body = PeerRequestWire.encode(exchange.request());
    for (int length = 0; length < body.length; length++) {
      byte[] cut = Arrays.copyOf(body, length);
      assertThatThrownBy(() -> PeerRequestWire.decode(name, cut))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(name);
    }
    assertThatThrownBy(() -> PeerRequestWire.decode(name, Arrays.copyOf(body, body.length + 1)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
