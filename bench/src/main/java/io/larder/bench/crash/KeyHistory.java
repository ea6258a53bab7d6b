package io.larder.bench.crash;

import java.util.HashSet;
import java.util.Set;

/**
 * The versions that may be found of one key after a crash, by its requests and acknowledgements:
 * acknowledged ⊆ recovered ∪ legitimately evicted. A version is a number above 0, one for each put
 * of the key; {@link #ABSENT} is none. Not thread-safe.
 */
public final class KeyHistory {
  /** The key is absent. */
  public static final int ABSENT = 0;

  /** The verdict on a finding. */
  public enum Verdict {
    /** Allowed. */
    ALLOWED,
    /** An acknowledged put is missing, perhaps with an older one in its place. */
    LOST,
    /** A deleted or discarded version is present. */
    RETURNED,
    /** A version is present that no put wrote. */
    INVENTED
  }

  private final Set<Integer> allowed = new HashSet<>(Set.of(ABSENT));
  private final Set<Integer> underWay = new HashSet<>();
  private final Set<Integer> replaced = new HashSet<>();
  private final Set<Integer> dead = new HashSet<>();

  /** A put was requested: from now on it may be found. */
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

  /** A put was discarded durably. */
  public void discardAcknowledged(int version) {
    underWay.remove(version);
    allowed.remove(version);
    replaced.remove(version);
    dead.add(version);
  }

  /** A deletion was requested. */
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
   * The store reported that it dropped the key's newest version. A crash may bring it back, or a
   * version that it had replaced and whose segment still exists: old, but never wrong.
   */
  public void evicted() {
    allowed.add(ABSENT);
    allowed.addAll(replaced);
  }

  /** Judges a finding; changes nothing. */
  public Verdict judge(int version) {
    if (allowed.contains(version)) {
      return Verdict.ALLOWED;
    }
    if (version == ABSENT || replaced.contains(version)) {
      return Verdict.LOST;
    }
    return dead.contains(version) ? Verdict.RETURNED : Verdict.INVENTED;
  }

  /** Accepts the version that a recovery found as the current one. */
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

  /** Adds all versions that another history allows, and absence. */
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
