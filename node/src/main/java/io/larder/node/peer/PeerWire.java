package io.larder.node.peer;

import io.larder.node.directory.CommitAnswer;
import io.larder.node.directory.Directory;
import io.larder.node.directory.LeaseAnswer;
import io.larder.node.directory.Lookup;
import io.larder.node.directory.Member;
import io.larder.node.directory.OpenPuts;
import io.larder.node.directory.Order;
import io.larder.node.peer.PeerRequest.KeyRef;
import io.larder.protocol.PutToken;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The bytes of {@link PeerRequest}s and their answers. A request is the RESP command {@code
 * PEER.<NAME> <body>} with the record's components in order, an answer one bulk string:
 *
 * <pre>
 *   int, long     big-endian          string   2-byte length, modified UTF-8
 *   list          int count, elements  Member   node id, incarnation
 *   KeyRef        short slot, long fingerprint
 *   key           2-byte length, bytes
 *   PutToken      long epoch, long sequence
 *   sealed types  1-byte kind, components
 * </pre>
 *
 * A malformed body is an {@link IllegalArgumentException}.
 */
public final class PeerWire {
  /** Bounds every list, so that a malformed count cannot exhaust the memory. */
  private static final int MAX_ELEMENTS = 4 << 20;

  private interface Writer<T> {
    void write(DataOutputStream out, T value) throws IOException;
  }

  private interface Reader<T> {
    T read(DataInputStream in) throws IOException;
  }

  private PeerWire() {}

  /** The command's name, {@code PEER.LEASE} for {@link PeerRequest.Lease}. */
  public static String name(PeerRequest<?> request) {
    return switch (request) {
      case PeerRequest.Lease _ -> "PEER.LEASE";
      case PeerRequest.Withdraw _ -> "PEER.WITHDRAW";
      case PeerRequest.Commit _ -> "PEER.COMMIT";
      case PeerRequest.Abort _ -> "PEER.ABORT";
      case PeerRequest.Find _ -> "PEER.FIND";
      case PeerRequest.IsOpen _ -> "PEER.ISOPEN";
      case PeerRequest.Delete _ -> "PEER.DELETE";
      case PeerRequest.Forget _ -> "PEER.FORGET";
      case PeerRequest.Gone _ -> "PEER.GONE";
      case PeerRequest.Compare _ -> "PEER.COMPARE";
      case PeerRequest.Announce _ -> "PEER.ANNOUNCE";
      case PeerRequest.Wake _ -> "PEER.WAKE";
      case PeerRequest.Confirm _ -> "PEER.CONFIRM";
      case PeerRequest.Drop _ -> "PEER.DROP";
      case PeerRequest.Pin _ -> "PEER.PIN";
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
        list(out, lease.keys(), PeerWire::key);
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
      case PeerRequest.Find find -> list(out, find.keys(), PeerWire::key);
      case PeerRequest.IsOpen isOpen -> {
        key(out, isOpen.key());
        token(out, isOpen.token());
      }
      case PeerRequest.Delete delete -> key(out, delete.key());
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
      }
      case PeerRequest.Wake wake -> {
        out.writeLong(wake.request());
        leaseAnswer(out, wake.answer());
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
              member(in), in.readLong(), in.readLong(), in.readLong(), list(in, PeerWire::key));
      case "PEER.WITHDRAW" -> new PeerRequest.Withdraw(member(in), in.readLong(), key(in));
      case "PEER.COMMIT" ->
          new PeerRequest.Commit(key(in), token(in), member(in), in.readLong(), in.readLong());
      case "PEER.ABORT" -> new PeerRequest.Abort(key(in), token(in));
      case "PEER.FIND" -> new PeerRequest.Find(list(in, PeerWire::key));
      case "PEER.ISOPEN" -> new PeerRequest.IsOpen(key(in), token(in));
      case "PEER.DELETE" -> new PeerRequest.Delete(key(in));
      case "PEER.FORGET" ->
          new PeerRequest.Forget(
              member(in), list(in, from -> new PeerRequest.Dropped(key(from), from.readLong())));
      case "PEER.GONE" -> new PeerRequest.Gone(key(in), member(in), in.readLong());
      case "PEER.COMPARE" ->
          new PeerRequest.Compare(
              member(in),
              list(
                  in,
                  from ->
                      new PeerRequest.SlotSum(
                          slot(from), new Directory.Summary(from.readLong(), from.readLong()))));
      case "PEER.ANNOUNCE" ->
          new PeerRequest.Announce(
              member(in), list(in, from -> new PeerRequest.SlotEpoch(slot(from), from.readLong())));
      case "PEER.WAKE" -> new PeerRequest.Wake(in.readLong(), leaseAnswer(in));
      case "PEER.CONFIRM" -> new PeerRequest.Confirm(key(in), in.readLong(), order(in));
      case "PEER.DROP" -> new PeerRequest.Drop(key(in), in.readLong(), order(in));
      case "PEER.PIN" -> new PeerRequest.Pin(key(in), in.readBoolean());
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

  /**
   * The bytes of the answer to a request.
   *
   * @param nowNanos the writer's clock, on which the deadlines of announced puts are
   */
  @SuppressWarnings("unchecked") // the request's type says what its answer is
  public static byte[] encodeAnswer(PeerRequest<?> request, Object answer, long nowNanos) {
    return bytes(out -> {
      switch (request) {
        case PeerRequest.Lease _ -> list(out, (List<LeaseAnswer>) answer, PeerWire::leaseAnswer);
        case PeerRequest.Commit _, PeerRequest.Arrive _, PeerRequest.Transfer _ ->
            commitAnswer(out, (CommitAnswer) answer);
        case PeerRequest.Find _ -> list(out, (List<Lookup>) answer, PeerWire::lookup);
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
  public static <A> A decodeAnswer(PeerRequest<A> request, byte[] body, long nowNanos) {
    return (A)
        parse(
            name(request),
            body,
            in ->
                switch (request) {
                  case PeerRequest.Lease _ -> list(in, PeerWire::leaseAnswer);
                  case PeerRequest.Commit _, PeerRequest.Arrive _, PeerRequest.Transfer _ ->
                      commitAnswer(in);
                  case PeerRequest.Find _ -> list(in, PeerWire::lookup);
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
  }

  private static PeerRequest.SlotAnnouncement announcement(DataInputStream in, long nowNanos)
      throws IOException {
    return new PeerRequest.SlotAnnouncement(
        slot(in),
        list(in, from -> new PeerRequest.Held(from.readLong(), from.readLong(), from.readLong())),
        list(
            in,
            from -> new OpenPuts.OpenPut(from.readLong(), token(from), nowNanos + from.readLong())),
        list(in, DataInputStream::readLong));
  }

  private static void leaseAnswer(DataOutputStream out, LeaseAnswer answer) throws IOException {
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

  private static LeaseAnswer leaseAnswer(DataInputStream in) throws IOException {
    return switch (in.readByte()) {
      case 0 -> new LeaseAnswer.Granted(token(in));
      case 1 -> new LeaseAnswer.Exists(member(in));
      case 2 -> new LeaseAnswer.Held();
      case 3 -> new LeaseAnswer.TryAgain(in.readUTF());
      default -> throw new IOException("unknown kind of lease answer");
    };
  }

  private static void commitAnswer(DataOutputStream out, CommitAnswer answer) throws IOException {
    switch (answer) {
      case CommitAnswer.Accepted accepted -> {
        out.writeByte(0);
        out.writeLong(accepted.epoch());
      }
      case CommitAnswer.Rejected rejected -> {
        out.writeByte(1);
        out.writeLong(rejected.epoch());
        out.writeBoolean(rejected.stored());
      }
      case CommitAnswer.TryAgain tryAgain -> {
        out.writeByte(2);
        out.writeUTF(tryAgain.reason());
      }
    }
  }

  private static CommitAnswer commitAnswer(DataInputStream in) throws IOException {
    return switch (in.readByte()) {
      case 0 -> new CommitAnswer.Accepted(in.readLong());
      case 1 -> new CommitAnswer.Rejected(in.readLong(), in.readBoolean());
      case 2 -> new CommitAnswer.TryAgain(in.readUTF());
      default -> throw new IOException("unknown kind of commit answer");
    };
  }

  private static void lookup(DataOutputStream out, Lookup lookup) throws IOException {
    switch (lookup) {
      case Lookup.Found found -> {
        out.writeByte(0);
        member(out, found.holder());
        out.writeLong(found.stamp());
        out.writeLong(found.expiresAtMs());
      }
      case Lookup.Absent _ -> out.writeByte(1);
      case Lookup.Unknown _ -> out.writeByte(2);
    }
  }

  private static Lookup lookup(DataInputStream in) throws IOException {
    return switch (in.readByte()) {
      case 0 -> new Lookup.Found(member(in), in.readLong(), in.readLong());
      case 1 -> new Lookup.Absent();
      case 2 -> new Lookup.Unknown();
      default -> throw new IOException("unknown kind of lookup");
    };
  }

  private static void member(DataOutputStream out, Member member) throws IOException {
    out.writeUTF(member.nodeId());
    out.writeLong(member.incarnation());
  }

  private static Member member(DataInputStream in) throws IOException {
    return new Member(in.readUTF(), in.readLong());
  }

  private static void key(DataOutputStream out, KeyRef key) throws IOException {
    out.writeShort(key.slot());
    out.writeLong(key.fingerprint());
  }

  private static KeyRef key(DataInputStream in) throws IOException {
    return new KeyRef(slot(in), in.readLong());
  }

  private static int slot(DataInputStream in) throws IOException {
    int slot = in.readUnsignedShort();
    if (slot >= io.larder.protocol.Slots.COUNT) {
      throw new IOException("slot " + slot);
    }
    return slot;
  }

  private static void token(DataOutputStream out, PutToken token) throws IOException {
    out.writeLong(token.epoch());
    out.writeLong(token.sequence());
  }

  private static PutToken token(DataInputStream in) throws IOException {
    return new PutToken(in.readLong(), in.readLong());
  }

  private static void order(DataOutputStream out, Order order) throws IOException {
    out.writeLong(order.epoch());
    out.writeLong(order.number());
  }

  private static Order order(DataInputStream in) throws IOException {
    return new Order(in.readLong(), in.readLong());
  }

  private static <T> void list(DataOutputStream out, List<T> values, Writer<T> writer)
      throws IOException {
    out.writeInt(values.size());
    for (T value : values) {
      writer.write(out, value);
    }
  }

  private static <T> List<T> list(DataInputStream in, Reader<T> reader) throws IOException {
    int count = in.readInt();
    if (count < 0 || count > MAX_ELEMENTS || count > in.available()) {
      throw new IOException("a list of " + count + " elements in " + in.available() + " bytes");
    }
    List<T> values = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      values.add(reader.read(in));
    }
    return values;
  }

  private interface Body {
    void write(DataOutputStream out) throws IOException;
  }

  private static byte[] bytes(Body body) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(64);
    try {
      body.write(new DataOutputStream(bytes));
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory", e);
    }
    return bytes.toByteArray();
  }

  private static <T> T parse(String name, byte[] body, Reader<T> reader) {
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(body));
    try {
      T value = reader.read(in);
      if (in.available() > 0) {
        throw new IOException(in.available() + " bytes too many");
      }
      return value;
    } catch (EOFException e) {
      throw new IllegalArgumentException(name + " is malformed: it ends early", e);
    } catch (IOException e) {
      throw new IllegalArgumentException(name + " is malformed: " + e.getMessage(), e);
    }
  }
}
