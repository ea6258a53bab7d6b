package io.larder.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Counts the nodes that hold a key on their own devices, by {@code PEER.HOLDS key …} (an array of 0
 * and 1) to every node instead of the directory. Has its own RESP over a plain socket, independent
 * of the code under audit.
 */
public final class PeerCounts {
  private static final int DEADLINE_MS = 10_000;

  private PeerCounts() {}

  /** Counts the nodes that hold each key, of those that answer. */
  public static Holders holders(List<String> addresses, List<String> keys) {
    byte[] request = request(keys);
    int[] counts = new int[keys.size()];
    Set<String> silent = new HashSet<>();
    for (String address : addresses) {
      try {
        boolean[] held = ask(address, request, counts.length);
        for (int i = 0; i < counts.length; i++) {
          counts[i] += held[i] ? 1 : 0;
        }
      } catch (IOException e) {
        silent.add(address);
      }
    }
    return new Holders(Arrays.stream(counts).boxed().toList(), silent);
  }

  /**
   * Counts the nodes that hold each key.
   *
   * @param addresses {@code host:port} of every node
   * @throws IOException if a node answers wrongly
   */
  public static List<Integer> copies(List<String> addresses, List<String> keys) throws IOException {
    byte[] request = request(keys);
    int[] counts = new int[keys.size()];
    for (String address : addresses) {
      boolean[] held = ask(address, request, counts.length);
      for (int i = 0; i < counts.length; i++) {
        counts[i] += held[i] ? 1 : 0;
      }
    }
    return Arrays.stream(counts).boxed().toList();
  }

  private static boolean[] ask(String address, byte[] request, int keys) throws IOException {
    int colon = address.lastIndexOf(':');
    boolean[] holds = new boolean[keys];
    try (Socket socket = new Socket()) {
      socket.setSoTimeout(DEADLINE_MS);
      socket.connect(
          new InetSocketAddress(
              address.substring(0, colon), Integer.parseInt(address.substring(colon + 1))),
          DEADLINE_MS);
      socket.getOutputStream().write(request);
      InputStream in = new BufferedInputStream(socket.getInputStream());
      expect(address, line(in), "*" + keys);
      for (int i = 0; i < keys; i++) {
        String held = line(in);
        holds[i] = held.equals(":1");
        if (!holds[i]) {
          expect(address, held, ":0");
        }
      }
    }
    return holds;
  }

  private static byte[] request(List<String> keys) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(("*" + (keys.size() + 1) + "\r\n$10\r\nPEER.HOLDS\r\n").getBytes(UTF_8));
    for (String key : keys) {
      byte[] bytes = key.getBytes(UTF_8);
      out.writeBytes(("$" + bytes.length + "\r\n").getBytes(UTF_8));
      out.writeBytes(bytes);
      out.writeBytes("\r\n".getBytes(UTF_8));
    }
    return out.toByteArray();
  }

  private static void expect(String address, String answer, String expected) throws IOException {
    if (!answer.equals(expected)) {
      throw new IOException(
          address + " answers PEER.HOLDS with '" + answer + "' instead of " + expected);
    }
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int b = in.read(); b != '\r'; b = in.read()) {
      if (b < 0) {
        throw new EOFException("a node closed the connection in the middle of its answer");
      }
      line.append((char) b);
    }
    in.read(); // \n
    return line.toString();
  }
}
