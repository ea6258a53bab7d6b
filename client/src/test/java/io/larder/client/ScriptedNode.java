package io.larder.client;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.larder.protocol.Blocks;
import io.larder.protocol.ScriptedPeer;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A TCP peer that answers the commands of a node out of a map, as far as a test does not say
 * otherwise. It records what it was sent.
 */
final class ScriptedNode implements AutoCloseable {
  final Map<String, byte[]> blocks = new ConcurrentHashMap<>();
  final List<List<String>> received = new CopyOnWriteArrayList<>();
  final ScriptedPeer peer;
  volatile ScriptedPeer.Script script = this::answer;
  volatile String topology = "";

  ScriptedNode() throws IOException {
    peer =
        new ScriptedPeer((command, out) -> {
          received.add(command);
          script.answer(command, out);
        });
  }

  String address() {
    return peer.address();
  }

  long count(String name) {
    return received.stream().filter(command -> command.get(0).equals(name)).count();
  }

  List<String> last(String name) {
    return received.stream()
        .filter(command -> command.get(0).equals(name))
        .reduce((earlier, later) -> later)
        .orElseThrow();
  }

  void answer(List<String> command, OutputStream out) throws IOException {
    String key = command.size() > 1 ? command.get(1) : "";
    byte[] reply =
        switch (command.get(0)) {
          case "KV.GET" -> blocks.containsKey(key) ? Blocks.reply(block(key), "m") : ascii("_\r\n");
          case "KV.PUT" -> {
            byte[] value = command.get(command.size() - 1).getBytes(ISO_8859_1);
            yield ascii(blocks.putIfAbsent(key, value) == null ? "+STORED\r\n" : "+EXISTS\r\n");
          }
          case "KV.PREFIX" ->
              ascii(":" + command.stream().skip(1).takeWhile(blocks::containsKey).count() + "\r\n");
          case "KV.LOCATE" -> {
            StringBuilder all = new StringBuilder("*" + (command.size() - 1) + "\r\n");
            for (String each : command.subList(1, command.size())) {
              all.append(
                  blocks.containsKey(each)
                      ? "*3\r\n$2\r\nn1\r\n$9\r\nlocalhost\r\n$2\r\nff\r\n"
                      : "_\r\n");
            }
            yield ascii(all.toString());
          }
          case "DEL" -> ascii(":" + (blocks.remove(key) == null ? 0 : 1) + "\r\n");
          case "KV.ABORT" -> ascii(":1\r\n");
          case "CLUSTER" -> ascii("$" + topology.length() + "\r\n" + topology + "\r\n");
          default -> ascii("-ERR unknown command\r\n");
        };
    out.write(reply);
  }

  private byte[] block(String key) {
    return blocks.getOrDefault(key, new byte[0]);
  }

  static byte[] ascii(String text) {
    return text.getBytes(ISO_8859_1);
  }

  @Override
  public void close() throws IOException {
    peer.close();
  }
}
