package io.larder.node.peer;

import io.larder.node.block.KeyRef;
import io.larder.node.directory.Lookup;
import io.larder.node.directory.Order;
import io.larder.node.directory.VoidedPuts;
import io.larder.node.service.Member;
import io.larder.protocol.PutToken;
import io.larder.protocol.Slots;
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
 * What requests and answers between nodes are made of:
 *
 * <pre>
 *   int, long     big-endian          string   2-byte length, modified UTF-8
 *   list          int count, elements  Member   node id, incarnation
 *   KeyRef        short slot, long fingerprint
 *   key           2-byte length, bytes
 *   PutToken      long epoch, long sequence
 *   Found         Member, long stamp, long expiry
 *   Voided        KeyRef, PutToken
 *   Order         long epoch, long number
 *   sealed types  1-byte kind, components
 * </pre>
 */
final class PeerFields {
  /** Bounds every list, so that a malformed count cannot exhaust the memory. */
  private static final int MAX_ELEMENTS = 4 << 20;

  interface Writer<T> {
    void write(DataOutputStream out, T value) throws IOException;
  }

  interface Reader<T> {
    T read(DataInputStream in) throws IOException;
  }

  interface Body {
    void write(DataOutputStream out) throws IOException;
  }

  private PeerFields() {}

  static void member(DataOutputStream out, Member member) throws IOException {
    out.writeUTF(member.nodeId());
    out.writeLong(member.incarnation());
  }

  static Member member(DataInputStream in) throws IOException {
    return new Member(in.readUTF(), in.readLong());
  }

  static void key(DataOutputStream out, KeyRef key) throws IOException {
    out.writeShort(key.slot());
    out.writeLong(key.fingerprint());
  }

  static KeyRef key(DataInputStream in) throws IOException {
    return new KeyRef(slot(in), in.readLong());
  }

  static int slot(DataInputStream in) throws IOException {
    int slot = in.readUnsignedShort();
    if (slot >= Slots.COUNT) {
      throw new IOException("slot " + slot);
    }
    return slot;
  }

  static void token(DataOutputStream out, PutToken token) throws IOException {
    out.writeLong(token.epoch());
    out.writeLong(token.sequence());
  }

  static PutToken token(DataInputStream in) throws IOException {
    return new PutToken(in.readLong(), in.readLong());
  }

  static void found(DataOutputStream out, Lookup.Found found) throws IOException {
    member(out, found.holder());
    out.writeLong(found.stamp());
    out.writeLong(found.expiresAtMs());
  }

  static Lookup.Found found(DataInputStream in) throws IOException {
    return new Lookup.Found(member(in), in.readLong(), in.readLong());
  }

  static void voided(DataOutputStream out, VoidedPuts.Voided voided) throws IOException {
    key(out, voided.key());
    token(out, voided.upTo());
  }

  static VoidedPuts.Voided voided(DataInputStream in) throws IOException {
    return new VoidedPuts.Voided(key(in), token(in));
  }

  static void order(DataOutputStream out, Order order) throws IOException {
    out.writeLong(order.epoch());
    out.writeLong(order.number());
  }

  static Order order(DataInputStream in) throws IOException {
    return new Order(in.readLong(), in.readLong());
  }

  static <T> void list(DataOutputStream out, List<T> values, Writer<T> writer) throws IOException {
    out.writeInt(values.size());
    for (T value : values) {
      writer.write(out, value);
    }
  }

  static <T> List<T> list(DataInputStream in, Reader<T> reader) throws IOException {
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

  /** What is written. */
  static byte[] bytes(Body body) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(64);
    try {
      body.write(new DataOutputStream(bytes));
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory", e);
    }
    return bytes.toByteArray();
  }

  /**
   * Reads all of a body.
   *
   * @param name of the request, for the message
   * @throws IllegalArgumentException if it is malformed
   */
  static <T> T parse(String name, byte[] body, Reader<T> reader) {
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
