package io.larder.bench.crash;

import java.util.Locale;

/**
 * What the child says to the keeper of the ledger, a line each: {@code kind key version value}. A
 * line is written to the pipe before the child goes on, so what it did next, even if it is killed
 * in between, happened after the line. What a pipe holds outlives its writer, and a line is shorter
 * than what a pipe takes as a whole, so none is cut.
 *
 * @param key which key, if it is about one
 * @param version of the key
 * @param value the record's stamp, or what was measured
 */
record Note(Kind kind, int key, int version, long value) {
  /** What happened. */
  enum Kind {
    /** The store is about to be opened. */
    OPENING,
    /** It is open. */
    OPENED,
    /** How long the opening took. */
    OPEN_NANOS,
    /** What the opening read from the device. */
    BYTES_READ,
    /** What it had to read at the least. */
    BYTES_NEEDED,
    /** How many records it found. */
    RECORDS,
    /** How much of the heap the opened store holds. */
    HEAP_BYTES,
    /** The recovered store has this version of the key. */
    RECOVERED,
    /** All keys were looked at; the load begins. */
    LOOKED,
    /** A put begins. */
    PUTTING,
    /** A put was acknowledged. */
    PUT,
    /** A put was given up, durably. */
    DISCARDED,
    /** A deletion begins. */
    DELETING,
    /** A deletion was acknowledged. */
    DELETED,
    /** Under load a read found this version, verified byte by byte. */
    READ,
    /** Reclaim dropped the record of this stamp. */
    EVICTED,
    /** The store dropped a record that did not verify. */
    DAMAGED,
    /** A read answered bytes that are not those of the version it names. */
    WRONG,
    /** An operation failed, which nothing here gives it a reason to. */
    FAILED
  }

  /** A note that is not about a key. */
  static Note of(Kind kind, long value) {
    return new Note(kind, 0, 0, value);
  }

  String line() {
    return kind.name().toLowerCase(Locale.ROOT) + ' ' + key + ' ' + version + ' ' + value + '\n';
  }

  static Note parse(String line) {
    String[] words = line.split(" ", -1);
    return new Note(
        Kind.valueOf(words[0].toUpperCase(Locale.ROOT)),
        Integer.parseInt(words[1]),
        Integer.parseInt(words[2]),
        Long.parseLong(words[3]));
  }
}
