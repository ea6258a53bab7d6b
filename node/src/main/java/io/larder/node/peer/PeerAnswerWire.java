package io.larder.node.peer;

import static io.larder.node.peer.PeerFields.bytes;
import static io.larder.node.peer.PeerFields.list;
import static io.larder.node.peer.PeerFields.member;
import static io.larder.node.peer.PeerFields.parse;
import static io.larder.node.peer.PeerFields.slot;
import static io.larder.node.peer.PeerFields.token;

import io.larder.node.directory.CommitDecision;
import io.larder.node.directory.Lookup;
import io.larder.node.directory.OpenPuts;
import io.larder.node.service.LeaseAnswer;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.List;

/**
 * The bytes of the answers to {@link PeerRequest}s: one RESP bulk string each, laid out by {@link
 * PeerFields}.
 */
public final class PeerAnswerWire {
  private PeerAnswerWire() {}

  /**
   * The bytes of the answer to a request.
   *
   * @param nowNanos the writer's clock, on which the deadlines of announced puts are
   */
  @SuppressWarnings("unchecked") // the request's type says what its answer is
  public static byte[] encode(PeerRequest<?> request, Object answer, long nowNanos) {
    return bytes(out -> {
      switch (request) {
        case PeerRequest.Lease _ ->
            list(out, (List<LeaseAnswer>) answer, PeerAnswerWire::leaseAnswer);
        case PeerRequest.Commit _, PeerRequest.Arrive _, PeerRequest.Transfer _ ->
            commitAnswer(out, (CommitDecision) answer);
        case PeerRequest.Find _ -> list(out, (List<Lookup>) answer, PeerAnswerWire::lookup);
        case PeerRequest.Delete _ -> out.writeInt((Integer) answer);
        case PeerRequest.Announce _ ->
            list(
                out,
                (List<PeerRequest.SlotAnnouncement>) answer,
                (to, slot) -> announcement(to, slot, nowNanos));
        default -> out.writeBoolean((Boolean) answer);
      }
    });
  }

  /**
   * Reads the answer to a request.
   *
   * @param nowNanos the reader's clock, on which the deadlines of announced puts are put
   * @throws IllegalArgumentException if it is malformed
   */
  @SuppressWarnings("unchecked") // the request's type says what its answer is
  public static <A> A decode(PeerRequest<A> request, byte[] body, long nowNanos) {
    return (A)
        parse(
            PeerRequestWire.name(request),
            body,
            in ->
                switch (request) {
                  case PeerRequest.Lease _ -> list(in, PeerAnswerWire::leaseAnswer);
                  case PeerRequest.Commit _, PeerRequest.Arrive _, PeerRequest.Transfer _ ->
                      commitAnswer(in);
                  case PeerRequest.Find _ -> list(in, PeerAnswerWire::lookup);
                  case PeerRequest.Delete _ -> in.readInt();
                  case PeerRequest.Announce _ -> list(in, from -> announcement(from, nowNanos));
                  default -> in.readBoolean();
                });
  }

  private static void announcement(
      DataOutputStream out, PeerRequest.SlotAnnouncement slot, long nowNanos) throws IOException {
    out.writeShort(slot.slot());
    list(
        out,
        slot.held(),
        (to, held) -> {
          to.writeLong(held.fingerprint());
          to.writeLong(held.stamp());
          to.writeLong(held.expiresAtMs());
        });
    list(
        out,
        slot.open(),
        (to, put) -> {
          to.writeLong(put.fingerprint());
          token(to, put.token());
          to.writeLong(put.deadlineNanos() - nowNanos); // clocks of two hosts share no origin
        });
    list(out, slot.arriving(), DataOutputStream::writeLong);
    list(out, slot.voided(), PeerFields::voided);
  }

  private static PeerRequest.SlotAnnouncement announcement(DataInputStream in, long nowNanos)
      throws IOException {
    return new PeerRequest.SlotAnnouncement(
        slot(in),
        list(in, from -> new PeerRequest.Held(from.readLong(), from.readLong(), from.readLong())),
        list(
            in,
            from -> new OpenPuts.OpenPut(from.readLong(), token(from), nowNanos + from.readLong())),
        list(in, DataInputStream::readLong),
        list(in, PeerFields::voided));
  }

  static void leaseAnswer(DataOutputStream out, LeaseAnswer answer) throws IOException {
    switch (answer) {
      case LeaseAnswer.Granted granted -> {
        out.writeByte(0);
        token(out, granted.token());
      }
      case LeaseAnswer.Exists exists -> {
        out.writeByte(1);
        member(out, exists.holder());
      }
      case LeaseAnswer.Held _ -> out.writeByte(2);
      case LeaseAnswer.TryAgain tryAgain -> {
        out.writeByte(3);
        out.writeUTF(tryAgain.reason());
      }
    }
  }

  static LeaseAnswer leaseAnswer(DataInputStream in) throws IOException {
    return switch (in.readByte()) {
      case 0 -> new LeaseAnswer.Granted(token(in));
      case 1 -> new LeaseAnswer.Exists(member(in));
      case 2 -> new LeaseAnswer.Held();
      case 3 -> new LeaseAnswer.TryAgain(in.readUTF());
      default -> throw new IOException("unknown kind of lease answer");
    };
  }

  private static void commitAnswer(DataOutputStream out, CommitDecision answer) throws IOException {
    switch (answer) {
      case CommitDecision.Accepted accepted -> {
        out.writeByte(0);
        out.writeLong(accepted.epoch());
      }
      case CommitDecision.Rejected rejected -> {
        out.writeByte(1);
        out.writeLong(rejected.epoch());
        out.writeBoolean(rejected.stored());
      }
      case CommitDecision.TryAgain tryAgain -> {
        out.writeByte(2);
        out.writeUTF(tryAgain.reason());
      }
    }
  }

  private static CommitDecision commitAnswer(DataInputStream in) throws IOException {
    return switch (in.readByte()) {
      case 0 -> new CommitDecision.Accepted(in.readLong());
      case 1 -> new CommitDecision.Rejected(in.readLong(), in.readBoolean());
      case 2 -> new CommitDecision.TryAgain(in.readUTF());
      default -> throw new IOException("unknown kind of commit answer");
    };
  }

  private static void lookup(DataOutputStream out, Lookup lookup) throws IOException {
    switch (lookup) {
      case Lookup.Found found -> {
        out.writeByte(0);
        PeerFields.found(out, found);
      }
      case Lookup.Absent _ -> out.writeByte(1);
      case Lookup.Unknown _ -> out.writeByte(2);
    }
  }

  private static Lookup lookup(DataInputStream in) throws IOException {
    return switch (in.readByte()) {
      case 0 -> PeerFields.found(in);
      case 1 -> new Lookup.Absent();
      case 2 -> new Lookup.Unknown();
      default -> throw new IOException("unknown kind of lookup");
    };
  }
}
