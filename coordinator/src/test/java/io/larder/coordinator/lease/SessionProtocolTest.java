package io.larder.coordinator.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.larder.coordinator.lease.SessionProtocol.ClaimOutcome;
import io.larder.coordinator.lease.SessionProtocol.Step;
import io.larder.coordinator.registry.ClusterImage;
import io.larder.coordinator.registry.SlotTable;
import io.larder.protocol.Slots;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SessionProtocolTest {
  private final SessionProtocol protocol = new SessionProtocol("a");

  @Test
  void theNodeKnowsItsIncarnationBeforeTheOthersCan() {
    protocol.laidOut();
    protocol.begun(7);
    assertThat(protocol.next()).isEqualTo(new Step.TellSession(7));
    assertThat(protocol.next()).isEqualTo(new Step.Register(7));
  }

  @Test
  void whoMustAnnounceIsReadAfterTheClaim() {
    protocol.laidOut();
    protocol.begun(7);
    assertThat(protocol.next()).isEqualTo(new Step.TellSession(7));
    assertThat(protocol.next()).isEqualTo(new Step.Register(7));
    protocol.registered();
    assertThat(protocol.next()).isEqualTo(new Step.ReadImage());
    protocol.read(image());
    Step.Claim claim = (Step.Claim) protocol.next();
    // A node that registered since the image was read may hold what the last owner accepted.
    protocol.claimed(claim.slots(), new ClaimOutcome.Claimed(9));
    assertThat(protocol.next()).isEqualTo(new Step.ReadImage());
    protocol.read(null);
    assertThat(protocol.next()).as("it could not be read").isEqualTo(new Step.ReadImage());
    protocol.read(image());
    assertThat(protocol.next())
        .isInstanceOfSatisfying(
            Step.TellClaimed.class, told -> assertThat(told.epoch()).isEqualTo(9));
  }

  private static ClusterImage image() {
    @Nullable String[] owners = new String[Slots.COUNT];
    owners[3] = "a";
    return new ClusterImage(SlotTable.of(owners, 1), Map.of());
  }
}
