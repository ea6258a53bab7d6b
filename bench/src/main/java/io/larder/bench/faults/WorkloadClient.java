package io.larder.bench.faults;

import io.larder.bench.faults.History.Outcome;

/**
 * A client of the fault run. For one thread; every call ends within its deadline with some outcome.
 */
interface WorkloadClient extends AutoCloseable {
  /**
   * The outcome of a call.
   *
   * @param put the number of the put whose value was found, -1 for bytes that are no put's; else 0
   * @param said the error of an unknown outcome, or nothing
   */
  record Answer(Outcome outcome, long put, String said) {
    static Answer of(Outcome outcome) {
      return new Answer(outcome, 0, "");
    }

    static Answer found(long put) {
      return new Answer(Outcome.FOUND, put, "");
    }

    static Answer unknown(Throwable error) {
      return new Answer(Outcome.UNKNOWN, 0, String.valueOf(error.getMessage()));
    }
  }

  /** Its name in the history. */
  String name();

  /** The node it calls, or {@link History#SOME_NODE}. */
  int node();

  /** Stores a value if the key has none. */
  Answer put(String key, byte[] value);

  Answer get(String key);

  Answer delete(String key);

  /** The deadline of each kind of call, in ms. */
  long deadlineMs(History.Kind kind);

  @Override
  void close();
}
