package io.larder.node.service;

import io.larder.protocol.PutToken;

/** The answer of a slot's owner to a request for a key's put-lease. */
public sealed interface LeaseAnswer {
  /** The caller alone may write the key, until the lease's deadline. */
  record Granted(PutToken token) implements LeaseAnswer {}

  /** The key has a value, which {@code holder} holds. */
  record Exists(Member holder) implements LeaseAnswer {}

  /** Another writer has the lease. A caller that offered a waiter is answered again through it. */
  record Held() implements LeaseAnswer {}

  /** Nobody can decide now, because the slot has no owner or its owner is not ready. */
  record TryAgain(String reason) implements LeaseAnswer {}

  LeaseAnswer HELD = new Held();
}
