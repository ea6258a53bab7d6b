package io.larder.node.device;

import io.larder.node.device.SimulatedDevice.Event;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * What a device may hold after a crash, for every prefix of what happened to it: what was sure by
 * then, and any sectors of what was not.
 *
 * <p>Without a volatile cache (the process dies, the device lives) a write is sure when it is
 * acknowledged; with one (the power fails) when a flush is that was submitted after it. Goes
 * forward only. Not thread-safe.
 */
public final class CrashImages {
  private final byte[][] sure;
  private final List<Event> log;
  private final boolean volatileCache;
  private final Map<Integer, Event.Submitted> unsure = new LinkedHashMap<>();
  private final Set<Integer> completed = new HashSet<>();
  private final Map<Integer, Set<Integer>> flushes = new HashMap<>();
  private int at;

  public CrashImages(byte[][] first, List<Event> log, boolean volatileCache) {
    this.sure = first.clone();
    this.log = log;
    this.volatileCache = volatileCache;
  }

  /** Goes on by one event and returns it. */
  public Event next() {
    Event event = log.get(at++);
    switch (event) {
      case Event.Submitted write -> unsure.put(write.id(), write);
      case Event.Completed done -> {
        completed.add(done.id());
        if (!volatileCache) {
          settle(Set.of(done.id()));
        }
      }
      case Event.FlushSubmitted flush -> flushes.put(flush.id(), Set.copyOf(completed));
      case Event.FlushCompleted flush -> settle(flushes.getOrDefault(flush.id(), Set.of()));
      case Event.Note _ -> {}
    }
    return event;
  }

  public boolean hasNext() {
    return at < log.size();
  }

  /** How many writes may or may not be there. */
  public int unsureWrites() {
    return unsure.size();
  }

  /** Nothing but what is sure. */
  public byte[][] least() {
    return sure.clone();
  }

  /** All that was submitted. */
  public byte[][] most() {
    byte[][] image = sure.clone();
    for (Event.Submitted write : unsure.values()) {
      apply(image, write, new Whole());
    }
    return image;
  }

  /** All that was submitted but the newest write, of which only so many sectors. */
  public byte[][] torn(int sectors) {
    byte[][] image = sure.clone();
    for (Iterator<Event.Submitted> each = unsure.values().iterator(); each.hasNext(); ) {
      Event.Submitted write = each.next();
      int[] left = {sectors};
      apply(image, write, each.hasNext() ? new Whole() : () -> left[0]-- > 0);
    }
    return image;
  }

  /** Sectors of the newest write that is not sure. */
  public int newestSectors() {
    List<Event.Submitted> writes = new ArrayList<>(unsure.values());
    return writes.isEmpty() ? 0 : writes.getLast().pages().length * 8;
  }

  /** Each unsure write there, not there, or in part, as drawn. */
  public byte[][] sample(SplittableRandom random) {
    byte[][] image = sure.clone();
    for (Event.Submitted write : unsure.values()) {
      int sectors = write.pages().length * 8;
      switch (random.nextInt(4)) {
        case 0 -> {}
        case 1 -> apply(image, write, new Whole());
        case 2 -> {
          int[] left = {random.nextInt(sectors)};
          apply(image, write, () -> left[0]-- > 0);
        }
        default -> apply(image, write, random::nextBoolean);
      }
    }
    return image;
  }

  /** Says sector by sector whether it is there. */
  private interface Sectors {
    boolean next();
  }

  private record Whole() implements Sectors {
    @Override
    public boolean next() {
      return true;
    }
  }

  private void settle(Set<Integer> ids) {
    for (Iterator<Event.Submitted> each = unsure.values().iterator(); each.hasNext(); ) {
      Event.Submitted write = each.next();
      if (ids.contains(write.id())) {
        apply(sure, write, new Whole());
        each.remove();
        completed.remove(write.id());
      }
    }
  }

  private static void apply(byte[][] image, Event.Submitted write, Sectors sectors) {
    for (int i = 0; i < write.pages().length; i++) {
      int page = write.page() + i;
      if (sectors instanceof Whole) {
        image[page] = write.pages()[i];
        continue;
      }
      byte[] mixed = image[page].clone();
      for (int at = 0; at < Device.BLOCK_BYTES; at += SimulatedDevice.SECTOR_BYTES) {
        if (sectors.next()) {
          System.arraycopy(write.pages()[i], at, mixed, at, SimulatedDevice.SECTOR_BYTES);
        }
      }
      image[page] = mixed;
    }
  }
}
