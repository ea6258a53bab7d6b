package io.larder.bench.crash;

import java.util.Locale;

/**
 * A message of the child to the ledger, a line: {@code kind key version value}. The child writes a
 * line to the pipe before it goes on, so its next step, even if it is killed in between, happens
 * after the line. A pipe's content outlives its writer, and a line is shorter than an atomic write,
 * so none is cut.
 *
 * @param key the key, if there is one
 * @param version of the key
 * @param value the record's stamp, or a measurement
 */
record Note(Kind kind, int key, int version, long value) {
  /** The kinds of notes. */
  enum Kind {
    /** The store is about to be opened. */
    OPENING,
    /** It is open. */
    OPENED,
    /** The duration of the opening. */
    OPEN_NANOS,
    /** The bytes that the opening read from the device. */
    BYTES_READ,
    /** The least bytes that it had to read. */
    BYTES_NEEDED,
    /** The number of records it found. */
    RECORDS,
    /** The heap bytes of the opened store. */
    HEAP_BYTES,
    /** The recovered store has this version of the key. */
    RECOVERED,
    /** All keys were read; the load begins. */
    LOOKED,
    /** A put begins. */
    PUTTING,
    /** A put was acknowledged. */
    PUT,
    /** A put was discarded durably. */
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
    /** An operation failed without a reason. */
    FAILED
  }

  /** A note without a key. */
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
