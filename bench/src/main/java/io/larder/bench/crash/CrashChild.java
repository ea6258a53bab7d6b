package io.larder.bench.crash;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.larder.bench.crash.Note.Kind;
import io.larder.node.block.Block;
import io.larder.node.block.Key;
import io.larder.node.block.MemoryPool;
import io.larder.node.store.EvictionListener;
import io.larder.node.store.RecoveryReport;
import io.larder.node.store.StoreConfig;
import io.larder.node.store.StoreConfig.Durability;
import io.larder.node.store.WrittenRecord;
import io.larder.node.store.log.LogStore;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;

/**
 * The process that is killed. It opens the store, notes the version of every key, then puts,
 * discards, deletes and reads with several threads, each with keys of its own, as fast as the store
 * answers. Every {@link Note} is a line on standard output.
 */
final class CrashChild {
  private static final int THREADS = 16;
  private static final long POOL_BYTES = 96L << 20;
  private static final long READ_FLOOR_BYTES = 16L << 20;

  /** Stands for the version of a key whose bytes are no version's. */
  private static final int WRONG = -1;

  /** The longest delay between an entry's end and its note. */
  private static final long NOTE_DELAY_MS = 100;

  private final int life;
  private final int keys;
  private final OutputStream out = new FileOutputStream(FileDescriptor.out);
  private final MemoryPool pool = new MemoryPool(POOL_BYTES, READ_FLOOR_BYTES);
  private final Map<Long, Integer> numbers = new HashMap<>();
  private final LogStore store;

  private CrashChild(Path device, Durability durability, int keys, int life) {
    this.life = life;
    this.keys = keys;
    for (int i = 0; i < keys; i++) {
      numbers.put(Content.key(i).fingerprint(), i);
    }
    say(Kind.OPENING, 0);
    long start = System.nanoTime();
    StoreConfig defaults = StoreConfig.of(device);
    this.store =
        LogStore.open(
            new StoreConfig(
                device,
                durability,
                defaults.engine(),
                defaults.deviceThreads(),
                defaults.ioDeadlineMs()),
            pool,
            this::dropped);
    long nanos = System.nanoTime() - start;
    RecoveryReport found = store.recovery();
    say(Kind.OPEN_NANOS, nanos);
    say(Kind.BYTES_READ, found.bytesRead());
    say(Kind.BYTES_NEEDED, found.bytesNeeded());
    say(Kind.RECORDS, found.records());
    say(Kind.OPENED, 0);
  }

  /** Arguments: device, durability, how many keys there are, number of this life, seed. */
  public static void main(String[] args) throws Exception {
    Durability durability = Durability.valueOf(args[1]);
    CrashChild child =
        new CrashChild(
            Path.of(args[0]), durability, Integer.parseInt(args[2]), Integer.parseInt(args[3]));
    SplittableRandom random = new SplittableRandom(Long.parseLong(args[4]));
    int[] versions = child.look();
    for (int i = 0; i < THREADS; i++) {
      Thread.ofPlatform().name("load-" + i).start(child.new Load(i, versions, random.split()));
    }
  }

  /** Notes and returns the stored version of every key. */
  private int[] look() throws Exception {
    int[] versions = new int[keys];
    for (int number = 0; number < keys; number++) {
      Key key = Content.key(number);
      long stamp = store.find(key.slot(), key.fingerprint());
      int version = read(number);
      versions[number] = version;
      if (version > 0) {
        say(Kind.RECOVERED, number, version, stamp);
      }
    }
    Thread.sleep(NOTE_DELAY_MS); // drops of missing keys are noted by then
    for (int number = 0; number < keys; number++) {
      if (versions[number] == KeyHistory.ABSENT) {
        say(Kind.RECOVERED, number, KeyHistory.ABSENT, 0);
      }
    }
    say(Kind.LOOKED, 0);
    return versions;
  }

  /** The version that a read finds, or absent, or {@link #WRONG}, which it notes. */
  private int read(int number) throws ExecutionException, InterruptedException {
    Block block = store.read(Content.key(number)).get();
    if (block == null) {
      return KeyHistory.ABSENT;
    }
    try {
      OptionalInt version = Content.version(number, block);
      if (version.isEmpty()) {
        say(Kind.WRONG, number, (int) block.id().sequence(), 0);
      }
      return version.orElse(WRONG);
    } finally {
      block.payload().release();
    }
  }

  /** One thread's work on every sixteenth key. */
  private final class Load implements Runnable {
    private final int first;
    private final int[] versions;
    private final SplittableRandom random;
    private int puts;

    Load(int first, int[] versions, SplittableRandom random) {
      this.first = first;
      this.versions = versions;
      this.random = random;
    }

    @Override
    public void run() {
      for (; ; ) {
        int number = first + THREADS * random.nextInt(keys / THREADS);
        try {
          step(number);
        } catch (ExecutionException e) {
          System.err.println(e);
          say(Kind.FAILED, number, 0, 0);
        } catch (InterruptedException e) {
          return;
        }
      }
    }

    private void step(int number) throws ExecutionException, InterruptedException {
      int what = random.nextInt(100);
      if (what < 50) {
        put(number, false);
      } else if (what < 55) {
        put(number, true);
      } else if (what < 70) {
        delete(number);
      } else if (what < 85) {
        look(number);
      } else { // another thread's key: only its bytes can be verified
        read(random.nextInt(keys));
      }
    }

    private void put(int number, boolean discard) throws ExecutionException, InterruptedException {
      int version = (life << 20) + ++puts;
      say(Kind.PUTTING, number, version, 0);
      Block block = Content.block(pool, number, version);
      WrittenRecord written;
      try {
        written = store.write(Content.key(number), block).get();
      } finally {
        block.payload().release();
      }
      if (discard) {
        written.discard().get();
        say(Kind.DISCARDED, number, version, 0);
      } else {
        written.publish();
        versions[number] = version;
        say(Kind.PUT, number, version, written.stamp());
      }
    }

    private void delete(int number) throws ExecutionException, InterruptedException {
      say(Kind.DELETING, number, 0, 0);
      Key key = Content.key(number);
      if (store.delete(key.slot(), key.fingerprint(), 0).get()) {
        say(Kind.DELETED, number, 0, 0);
      }
      versions[number] = KeyHistory.ABSENT;
    }

    private void look(int number) throws ExecutionException, InterruptedException {
      int version = read(number);
      if (version == KeyHistory.ABSENT && versions[number] != KeyHistory.ABSENT) {
        Thread.sleep(NOTE_DELAY_MS);
        versions[number] = KeyHistory.ABSENT;
      }
      if (version >= 0) {
        say(Kind.READ, number, version, 0);
      }
    }
  }

  private void dropped(int slot, long fingerprint, long stamp, EvictionListener.Cause cause) {
    int number = numbers.getOrDefault(fingerprint, -1);
    say(cause == EvictionListener.Cause.RECLAIMED ? Kind.EVICTED : Kind.DAMAGED, number, 0, stamp);
  }

  private void say(Kind kind, long value) {
    say(kind, 0, 0, value);
  }

  private void say(Kind kind, int key, int version, long value) {
    byte[] line = new Note(kind, key, version, value).line().getBytes(US_ASCII);
    try {
      out.write(line); // unbuffered: in the pipe when this returns
    } catch (IOException _) {
      Runtime.getRuntime().halt(1); // the ledger's process has ended
    }
  }
}
