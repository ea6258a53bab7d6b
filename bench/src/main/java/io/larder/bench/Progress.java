package io.larder.bench;

/** Where long work says how far it is. Thread-safe. */
public interface Progress {
  /** Says nothing. */
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

  /** One line about what begins or has happened. */
  void say(String line);

  /** A piece of work of known size; close it when it ends. */
  Task task(String name, long total);

  /** A running piece of work. */
  interface Task extends AutoCloseable {
    /** So many units more are done. */
    void step(long units);

    @Override
    void close();
  }
}
