package io.larder.node.peer;

import static io.larder.node.peer.PeerFields.bytes;
import static io.larder.node.peer.PeerFields.found;
import static io.larder.node.peer.PeerFields.key;
import static io.larder.node.peer.PeerFields.list;
import static io.larder.node.peer.PeerFields.member;
import static io.larder.node.peer.PeerFields.order;
import static io.larder.node.peer.PeerFields.parse;
import static io.larder.node.peer.PeerFields.slot;
import static io.larder.node.peer.PeerFields.token;

import io.larder.node.block.RecordRef;
import io.larder.node.block.SlotSummary;
import io.larder.node.directory.Lookup;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/**
 * The bytes of {@link PeerRequest}s: the RESP command {@code PEER.<NAME> <body>}, whose body is the
 * record's components in order, laid out by {@link PeerFields}.
 */
public final class PeerRequestWire {
  private PeerRequestWire() {}

  /** The command's name, {@code PEER.LEASE} for {@link PeerRequest.Lease}. */
  public static String name(PeerRequest<?> request) {
    return switch (request) {
      case PeerRequest.Lease _ -> "PEER.LEASE";
      case PeerRequest.Withdraw _ -> "PEER.WITHDRAW";
      case PeerRequest.Commit _ -> "PEER.COMMIT";
      case PeerRequest.Abort _ -> "PEER.ABORT";
      case PeerRequest.Find _ -> "PEER.FIND";
      case PeerRequest.IsOpen _ -> "PEER.ISOPEN";
      case PeerRequest.Revoke _ -> "PEER.REVOKE";
      case PeerRequest.Delete _ -> "PEER.DELETE";
      case PeerRequest.Forget _ -> "PEER.FORGET";
      case PeerRequest.Gone _ -> "PEER.GONE";
      case PeerRequest.Compare _ -> "PEER.COMPARE";
      case PeerRequest.Announce _ -> "PEER.ANNOUNCE";
      case PeerRequest.Wake _ -> "PEER.WAKE";
      case PeerRequest.Confirm _ -> "PEER.CONFIRM";
      case PeerRequest.Drop _ -> "PEER.DROP";
      case PeerRequest.Pin _ -> "PEER.PIN";
      case PeerRequest.VoidPuts _ -> "PEER.VOID";
      case PeerRequest.Invalidate _ -> "PEER.INVALIDATE";
      case PeerRequest.Arrive _ -> "PEER.ARRIVE";
      case PeerRequest.IsArriving _ -> "PEER.ISARRIVING";
      case PeerRequest.Transfer _ -> "PEER.TRANSFER";
      case PeerRequest.Settle _ -> "PEER.SETTLE";
      case PeerRequest.Take _ -> "PEER.TAKE";
    };
  }

  /** The request's body. */
  public static byte[] encode(PeerRequest<?> request) {
    return bytes(out -> write(out, request));
  }

  private static void write(DataOutputStream out, PeerRequest<?> request) throws IOException {
    switch (request) {
      case PeerRequest.Lease lease -> {
        member(out, lease.writer());
        out.writeLong(lease.firstRequest());
        out.writeLong(lease.leaseMs());
        out.writeLong(lease.waitMs());
        list(out, lease.keys(), PeerFields::key);
      }
      case PeerRequest.Withdraw withdraw -> {
        member(out, withdraw.writer());
        out.writeLong(withdraw.request());
        key(out, withdraw.key());
      }
      case PeerRequest.Commit commit -> {
        key(out, commit.key());
        token(out, commit.token());
        member(out, commit.holder());
        out.writeLong(commit.stamp());
        out.writeLong(commit.expiresAtMs());
      }
      case PeerRequest.Abort abort -> {
        key(out, abort.key());
        token(out, abort.token());
      }
      case PeerRequest.Find find -> list(out, find.keys(), PeerFields::key);
      case PeerRequest.IsOpen isOpen -> {
        key(out, isOpen.key());
        token(out, isOpen.token());
      }
      case PeerRequest.Revoke revoke -> {
        key(out, revoke.key());
        token(out, revoke.token());
        member(out, revoke.holder());
        out.writeLong(revoke.stamp());
      }
      case PeerRequest.Delete delete -> {
        key(out, delete.key());
        Lookup.Found only = delete.only();
        out.writeBoolean(only != null);
        if (only != null) {
          found(out, only);
        }
        out.writeBoolean(delete.gaveUp());
      }
      case PeerRequest.Forget forget -> {
        member(out, forget.holder());
        list(
            out,
            forget.records(),
            (to, record) -> {
              key(to, record.key());
              to.writeLong(record.stamp());
            });
      }
      case PeerRequest.Gone gone -> {
        key(out, gone.key());
        member(out, gone.holder());
        out.writeLong(gone.stamp());
      }
      case PeerRequest.Compare compare -> {
        member(out, compare.holder());
        list(
            out,
            compare.sums(),
            (to, sum) -> {
              to.writeShort(sum.slot());
              to.writeLong(sum.sum().count());
              to.writeLong(sum.sum().xor());
            });
      }
      case PeerRequest.Announce announce -> {
        member(out, announce.owner());
        list(
            out,
            announce.slots(),
            (to, slot) -> {
              to.writeShort(slot.slot());
              to.writeLong(slot.epoch());
            });
        list(out, announce.voided(), PeerFields::voided);
      }
      case PeerRequest.Wake wake -> {
        out.writeLong(wake.request());
        PeerAnswerWire.leaseAnswer(out, wake.answer());
      }
      case PeerRequest.Confirm confirm -> {
        key(out, confirm.key());
        out.writeLong(confirm.stamp());
        order(out, confirm.question());
      }
      case PeerRequest.Drop drop -> {
        key(out, drop.key());
        out.writeLong(drop.stamp());
        order(out, drop.order());
      }
      case PeerRequest.Pin pin -> {
        key(out, pin.key());
        out.writeBoolean(pin.on());
      }
      case PeerRequest.VoidPuts voided -> {
        key(out, voided.key());
        token(out, voided.upTo());
      }
      case PeerRequest.Invalidate invalidate -> key(out, invalidate.key());
      case PeerRequest.Arrive arrive -> {
        key(out, arrive.key());
        member(out, arrive.from());
        out.writeLong(arrive.fromStamp());
        member(out, arrive.to());
      }
      case PeerRequest.IsArriving isArriving -> key(out, isArriving.key());
      case PeerRequest.Transfer transfer -> {
        key(out, transfer.key());
        member(out, transfer.from());
        out.writeLong(transfer.fromStamp());
        member(out, transfer.to());
        out.writeLong(transfer.toStamp());
        out.writeLong(transfer.expiresAtMs());
      }
      case PeerRequest.Settle settle -> {
        key(out, settle.key());
        member(out, settle.holder());
        out.writeLong(settle.stamp());
        out.writeLong(settle.expiresAtMs());
      }
      case PeerRequest.Take take -> {
        out.writeShort(take.key().length);
        out.write(take.key());
        token(out, take.token());
        member(out, take.from());
        out.writeLong(take.stamp());
        out.writeLong(take.expiresAtMs());
        out.writeBoolean(take.pinned());
      }
    }
  }

  /**
   * Reads a request.
   *
   * @throws IllegalArgumentException if there is no such request or its body is malformed
   */
  public static PeerRequest<?> decode(String name, byte[] body) {
    return parse(name, body, in -> read(name, in));
  }

  private static PeerRequest<?> read(String name, DataInputStream in) throws IOException {
    return switch (name) {
      case "PEER.LEASE" ->
          new PeerRequest.Lease(
              member(in), in.readLong(), in.readLong(), in.readLong(), list(in, PeerFields::key));
      case "PEER.WITHDRAW" -> new PeerRequest.Withdraw(member(in), in.readLong(), key(in));
      case "PEER.COMMIT" ->
          new PeerRequest.Commit(key(in), token(in), member(in), in.readLong(), in.readLong());
      case "PEER.ABORT" -> new PeerRequest.Abort(key(in), token(in));
      case "PEER.FIND" -> new PeerRequest.Find(list(in, PeerFields::key));
      case "PEER.ISOPEN" -> new PeerRequest.IsOpen(key(in), token(in));
      case "PEER.REVOKE" -> new PeerRequest.Revoke(key(in), token(in), member(in), in.readLong());
      case "PEER.DELETE" ->
          new PeerRequest.Delete(key(in), in.readBoolean() ? found(in) : null, in.readBoolean());
      case "PEER.FORGET" ->
          new PeerRequest.Forget(
              member(in), list(in, from -> new RecordRef(key(from), from.readLong())));
      case "PEER.GONE" -> new PeerRequest.Gone(key(in), member(in), in.readLong());
      case "PEER.COMPARE" ->
          new PeerRequest.Compare(
              member(in),
              list(
                  in,
                  from ->
                      new PeerRequest.SlotSum(
                          slot(from), new SlotSummary(from.readLong(), from.readLong()))));
      case "PEER.ANNOUNCE" ->
          new PeerRequest.Announce(
              member(in),
              list(in, from -> new PeerRequest.SlotEpoch(slot(from), from.readLong())),
              list(in, PeerFields::voided));
      case "PEER.WAKE" -> new PeerRequest.Wake(in.readLong(), PeerAnswerWire.leaseAnswer(in));
      case "PEER.CONFIRM" -> new PeerRequest.Confirm(key(in), in.readLong(), order(in));
      case "PEER.DROP" -> new PeerRequest.Drop(key(in), in.readLong(), order(in));
      case "PEER.PIN" -> new PeerRequest.Pin(key(in), in.readBoolean());
      case "PEER.VOID" -> new PeerRequest.VoidPuts(key(in), token(in));
      case "PEER.INVALIDATE" -> new PeerRequest.Invalidate(key(in));
      case "PEER.ARRIVE" -> new PeerRequest.Arrive(key(in), member(in), in.readLong(), member(in));
      case "PEER.ISARRIVING" -> new PeerRequest.IsArriving(key(in));
      case "PEER.TRANSFER" ->
          new PeerRequest.Transfer(
              key(in), member(in), in.readLong(), member(in), in.readLong(), in.readLong());
      case "PEER.SETTLE" ->
          new PeerRequest.Settle(key(in), member(in), in.readLong(), in.readLong());
      case "PEER.TAKE" -> {
        byte[] key = new byte[in.readUnsignedShort()];
        in.readFully(key);
        yield new PeerRequest.Take(
            key, token(in), member(in), in.readLong(), in.readLong(), in.readBoolean());
      }
      default -> throw new IOException("there is no such request");
    };
  }
}
