package io.larder.node.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

/**
 * Asks every node which keys lie on its own device ({@code PEER.HOLDS key …} is answered with an
 * array of 0 and 1), whatever the directory says, and adds up. An auditor's own few lines of RESP
 * over a plain socket: the code under audit is not used.
 */
public final class PeerCounts {
  private static final int DEADLINE_MS = 10_000;

  private PeerCounts() {}

  /**
   * Counts the nodes that hold each key.
   *
   * @param addresses {@code host:port} of every node
   * @throws IOException if a node does not answer as it should
   */
  public static List<Integer> copies(List<String> addresses, List<String> keys) throws IOException {
    byte[] request = request(keys);
    int[] copies = new int[keys.size()];
    for (String address : addresses) {
      int colon = address.lastIndexOf(':');
      try (Socket socket = new Socket()) {
        socket.setSoTimeout(DEADLINE_MS);
        socket.connect(
            new InetSocketAddress(
                address.substring(0, colon), Integer.parseInt(address.substring(colon + 1))),
            DEADLINE_MS);
        socket.getOutputStream().write(request);
        InputStream in = new BufferedInputStream(socket.getInputStream());
        expect(address, line(in), "*" + keys.size());
        for (int i = 0; i < copies.length; i++) {
          String held = line(in);
          if (held.equals(":1")) {
            copies[i]++;
          } else {
            expect(address, held, ":0");
          }
        }
      }
    }
    List<Integer> sums = new ArrayList<>();
    for (int count : copies) {
      sums.add(count);
    }
    return sums;
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
    int _ = in.read(); // \n
    return line.toString();
  }
}
