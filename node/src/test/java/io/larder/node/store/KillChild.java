package io.larder.node.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.larder.node.block.Block;
import io.larder.node.block.Key;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.concurrent.Semaphore;

/** Puts and deletes at full speed until it is killed, saying on standard output what was done. */
final class KillChild {
  private static final int DEPTH = 16;

  private KillChild() {}

  /** Arguments: the device, a number that makes the keys unique. */
  public static void main(String[] args) throws Exception {
    OutputStream out = new FileOutputStream(FileDescriptor.out);
    EvictionListener listener =
        (slot, fingerprint, stamp) -> say(out, "evicted " + fingerprint + " .");
    TestStore s = TestStore.open(StoreConfig.of(Path.of(args[0])), listener);
    Semaphore free = new Semaphore(DEPTH);
    for (int i = 0; ; i++) {
      free.acquire();
      String name = "r" + args[1] + "-" + i;
      int length = i % 3 == 0 ? 70_000 + i * 331 % 900_000 : i * 37 % 65_536;
      Block block = s.block(name, length);
      Key key = TestStore.key(name);
      boolean delete = i % 5 == 4;
      var _ =
          s.store
              .write(key, block)
              .whenComplete((written, failure) -> {
                block.payload().release();
                if (written == null) {
                  say(out, "failed " + failure + " .");
                  return;
                }
                written.publish();
                say(out, "stored " + name + " " + length);
                if (!delete) {
                  free.release();
                  return;
                }
                say(out, "deleting " + name + " .");
                var _ =
                    s.store
                        .delete(key.slot(), key.fingerprint(), 0)
                        .whenComplete((done, failed) -> {
                          if (failed == null) {
                            say(out, "deleted " + name + " .");
                          }
                          free.release();
                        });
              });
    }
  }

  private static synchronized void say(OutputStream out, String line) {
    try {
      out.write((line + "\n").getBytes(UTF_8)); // one write, so the pipe has all of it
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
