package io.larder.bench;

/** Receives the progress of long work. Thread-safe. */
public interface Progress {
  /** Discards all progress. */
  Progress SILENT =
      new Progress() {
        @Override
        public void say(String line) {}

        @Override
        public Task task(String name, long total) {
          return new Task() {
            @Override
            public void step(long units) {}

            @Override
            public void close() {}
          };
        }
      };

  /** Reports an event in one line. */
  void say(String line);

  /** A piece of work of known size; close it when it ends. */
  Task task(String name, long total);

  /** A running piece of work. */
  interface Task extends AutoCloseable {
    /** Adds done units. */
    void step(long units);

    @Override
    void close();
  }
}
