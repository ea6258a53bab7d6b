package io.larder.node.directory;

import io.larder.protocol.PutToken;

/** What a slot owner answers to a wish to write a key. */
public sealed interface LeaseAnswer {
  /** The caller alone may write the key, until the lease's deadline. */
  record Granted(PutToken token) implements LeaseAnswer {}

  /** The key is stored; {@code holder} has it. */
  record Exists(Member holder) implements LeaseAnswer {}

  /** Another writer has the lease. A caller that offered a waiter will be told more through it. */
  record Held() implements LeaseAnswer {}

  /** The owner cannot decide now. */
  record TryAgain(String reason) implements LeaseAnswer {}
}
