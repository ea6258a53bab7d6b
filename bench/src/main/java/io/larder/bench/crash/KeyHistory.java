package io.larder.bench.crash;

import java.util.HashSet;
import java.util.Set;

/**
 * What may be found of one key after a crash, following from what was asked and what was
 * acknowledged: acknowledged ⊆ recovered ∪ legitimately evicted. A version is a number above 0, one
 * for each put of the key; {@link #ABSENT} is none. Not thread-safe.
 */
public final class KeyHistory {
  /** Nothing is found of the key. */
  public static final int ABSENT = 0;

  /** What a finding says of the store. */
  public enum Verdict {
    /** It may be so. */
    ALLOWED,
    /** An acknowledged put is gone, perhaps with an older one in its place. */
    LOST,
    /** A version that was deleted or discarded is there. */
    RETURNED,
    /** A version is there that nobody put. */
    INVENTED
  }

  private final Set<Integer> allowed = new HashSet<>(Set.of(ABSENT));
  private final Set<Integer> underWay = new HashSet<>();
  private final Set<Integer> replaced = new HashSet<>();
  private final Set<Integer> dead = new HashSet<>();

  /** A put was asked for: from now on it may be found. */
  public void putStarted(int version) {
    underWay.add(version);
    allowed.add(version);
  }

  /** A put was acknowledged: nothing older may be found any more. */
  public void putAcknowledged(int version) {
    underWay.remove(version);
    replaced.addAll(allowed);
    replaced.remove(ABSENT);
    only(version);
  }

  /** A put was given up, durably. */
  public void discardAcknowledged(int version) {
    underWay.remove(version);
    allowed.remove(version);
    replaced.remove(version);
    dead.add(version);
  }

  /** A deletion was asked for. */
  public void deleteStarted() {
    allowed.add(ABSENT);
  }

  /** A deletion was acknowledged: only a put that was under way may be found. */
  public void deleteAcknowledged() {
    dead.addAll(replaced);
    dead.addAll(allowed);
    dead.removeAll(underWay);
    dead.remove(ABSENT);
    replaced.clear();
    only(ABSENT);
  }

  /**
   * The store said that it dropped the key's newest version. A crash may yet bring it back, or one
   * that it had replaced and whose segment still stands: old, but never wrong.
   */
  public void evicted() {
    allowed.add(ABSENT);
    allowed.addAll(replaced);
  }

  /** What a finding means; changes nothing. */
  public Verdict judge(int version) {
    if (allowed.contains(version)) {
      return Verdict.ALLOWED;
    }
    if (version == ABSENT || replaced.contains(version)) {
      return Verdict.LOST;
    }
    return dead.contains(version) ? Verdict.RETURNED : Verdict.INVENTED;
  }

  /** Takes what a recovery found for the truth from now on. */
  public void recovered(int version) {
    underWay.clear();
    if (version == ABSENT) {
      dead.addAll(replaced);
      dead.addAll(allowed);
      dead.remove(ABSENT);
      replaced.clear();
    } else {
      replaced.addAll(allowed);
      replaced.remove(ABSENT);
      replaced.remove(version);
    }
    only(version);
  }

  /** Adds all that another history allows, and that the key is absent. */
  public void allowAlso(Set<Integer> versions) {
    allowed.addAll(versions);
    allowed.add(ABSENT);
  }

  /** The versions that may be found. */
  public Set<Integer> allowed() {
    return Set.copyOf(allowed);
  }

  /** An independent copy. */
  public KeyHistory copy() {
    KeyHistory copy = new KeyHistory();
    copy.allowed.clear();
    copy.allowed.addAll(allowed);
    copy.underWay.addAll(underWay);
    copy.replaced.addAll(replaced);
    copy.dead.addAll(dead);
    return copy;
  }

  private void only(int version) {
    allowed.clear();
    allowed.add(version);
    allowed.addAll(underWay);
  }
}
